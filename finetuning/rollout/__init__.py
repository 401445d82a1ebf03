"""Where completions come from: one sampler for training and evaluation alike."""
