"""Fails when a figure after training is below a floor: `floor.py REPORT TASK METRIC FLOOR`."""

import json
import sys
from pathlib import Path

report, task, metric, floor = sys.argv[1:]
value = json.loads(Path(report).read_text(encoding="utf-8"))["after"][task][metric]
print(f"{task} {metric} {value:.3f}, floor {floor}")
if value < float(floor):
    sys.exit(f"{metric} on {task} is {value:.3f}: below the floor of {floor}")
