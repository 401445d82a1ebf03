"""Every test runs offline, quietly and away from the repository's outputs."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # tests share their cores: benchmarks/README.md
os.environ["MLX_DISABLE_COMPILE"] = "1"  # a C++ compiler would run for each fused operation
