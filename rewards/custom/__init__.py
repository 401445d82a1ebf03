"""A reward function of the user's own: found, checked, called, watched."""
