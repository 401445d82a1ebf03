"""TrainerCallbacks: what happens beside the training loop while it runs."""
