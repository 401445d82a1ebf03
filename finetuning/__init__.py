"""Fine-tuning: config, data, model, trainer, hooks, report."""
