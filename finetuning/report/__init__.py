"""What a person sees at the end of a run: one self-contained page and a few lines of text."""
