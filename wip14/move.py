"""move.py [ROOT]: the mechanical part of issue 14, rerunnable on any branch before it."""
import os, re, subprocess, sys
from pathlib import Path
ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
os.chdir(ROOT)
text = Path("../shared/house.md").read_text()
MOVES = {a: b for a, b in re.findall(r"^\s+(\S+\.py) moves to (\S+\.py)$", text, re.M)}
MOVES["finetuning/config/debug.py"] = "finetuning/config/presets.py"
MOVES["finetuning/rows/base.py"] = "finetuning/formats/base.py"
MOVES["finetuning/rows/messages.py"] = "finetuning/formats/messages.py"
MOVES |= {
  "rewards/teacher/desk.py": "rewards/teacher/session.py",
  "rewards/teacher/pay.py": "rewards/teacher/shaping.py",
  "rewards/teacher/patience.py": "rewards/teacher/retry_policy.py",
  "rewards/teacher/asker.py": "rewards/teacher/client.py",
  "finetuning/run_name.py": "finetuning/artifacts/run_name.py",
  "finetuning/version.py": "finetuning/runtime/version.py",
  "finetuning/sweep.py": "finetuning/sweep/progress.py",
  "finetuning/sweep_points.py": "finetuning/sweep/points.py",
  "rewards/sandbox/endless.py": "rewards/sandbox/infinite_loops.py",
}
TEST_MOVES = {
  "tests/finetuning/test_assess.py": "tests/finetuning/inference/test_evaluate.py",
  "tests/finetuning/test_generate.py": "tests/finetuning/inference/test_generate.py",
  "tests/finetuning/test_validate.py": "tests/finetuning/inference/test_compare_models.py",
  "tests/finetuning/test_checkpoints.py": "tests/finetuning/artifacts/test_checkpoints.py",
  "tests/finetuning/test_run_dir.py": "tests/finetuning/artifacts/test_run_dir.py",
  "tests/finetuning/test_content.py": "tests/finetuning/training/test_stage_cache.py",
  "tests/finetuning/test_inputs.py": "tests/finetuning/training/test_prepare.py",
  "tests/finetuning/test_machine.py": "tests/finetuning/runtime/test_environment.py",
  "tests/finetuning/test_memory.py": "tests/finetuning/model/test_out_of_memory.py",
  "tests/finetuning/test_export_gguf.py": "tests/finetuning/export/test_gguf.py",
  "tests/finetuning/test_export_mlx.py": "tests/finetuning/export/test_mlx.py",
  "tests/finetuning/test_merge.py": "tests/finetuning/publish/test_merge_command.py",
  "tests/finetuning/test_qlora.py": "tests/finetuning/model/test_qlora.py",
  "tests/rewards/test_control.py": "tests/rewards/test_random_reward.py",
  "tests/rewards/test_hidden.py": "tests/rewards/test_hidden_tests.py",
}
def git(*a): return subprocess.run(["git", *a], check=True, capture_output=True, text=True).stdout
tracked = git("ls-files").splitlines()
# tests of moved folders/modules
for t in tracked:
    if t.startswith("tests/finetuning/rows/"):
        TEST_MOVES[t] = t.replace("tests/finetuning/rows/", "tests/finetuning/formats/")
def dotted(p):
    parts = p[:-3].split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
modules = set()
for t in tracked:
    if t.endswith(".py") and t.split("/")[0] in ("finetuning", "rewards", "evaluation"):
        modules.add(dotted(t))
        d = dotted(t).split(".")
        for i in range(1, len(d)): modules.add(".".join(d[:i]))
rename = {dotted(a): dotted(b) for a, b in MOVES.items() if a in tracked}
# --- move files
for a, b in {**MOVES, **TEST_MOVES}.items():
    if a not in tracked: 
        print("absent", a); continue
    Path(b).parent.mkdir(parents=True, exist_ok=True)
    git("mv", a, b)
for pkg in ("artifacts", "inference", "runtime", "sweep", "training"):
    init = Path(f"finetuning/{pkg}/__init__.py")
    if not init.exists():
        init.write_text("")  # docstring below
DOC = {
 "artifacts": '"""What a run leaves on disk: its folder, checkpoints, metrics and provenance."""\n',
 "inference": '"""Commands that use a model without training it: evaluate, generate, compare two models."""\n',
 "runtime": '"""The process a run lives in: environment, ranks, exit codes, progress, library output."""\n',
 "sweep": '"""A sweep: every point is checked first, and each is told as it ends."""\n',
 "training": '"""One training stage: its inputs, its trainer, its trackers and its summary."""\n',
}
for pkg, doc in DOC.items():
    init = Path(f"finetuning/{pkg}/__init__.py")
    if not init.read_text().strip(): init.write_text(doc)
# --- the one name
w = Path("whetstone"); w.mkdir(exist_ok=True)
if not (w / "__init__.py").exists(): (w / "__init__.py").write_text('"""Whetstone: one import name."""\n')
for d in ("conf", "finetuning", "rewards", "evaluation"):
    if not (w / d).is_symlink(): (w / d).symlink_to(f"../{d}")
# --- rewrite references
NAME = re.compile(r"(?<![\w./-])(?<!whetstone\.)(finetuning|rewards|evaluation)((?:\.[A-Za-z_]\w*)+)")
IMPORT = re.compile(r"^(\s*(?:from|import) )(finetuning|rewards|evaluation)\b", re.M)
def sub(m, strings=True):
    full = m.group(0); parts = full.split(".")
    for n in range(len(parts), 0, -1):
        head = ".".join(parts[:n])
        if head in modules: break
    else: return full
    if n < 2: return full          # `rewards.items`: a variable
    new = rename.get(head, head)
    rest = parts[n:]
    return ".".join(["whetstone." + new, *rest])
paths = {a: b for a, b in {**MOVES, **TEST_MOVES}.items()}
PATH = re.compile(r"(?<![\w/])(" + "|".join(re.escape(p) for p in sorted(paths, key=len, reverse=True)) + r")(?!\w)")
files = [f for f in git("ls-files", "-co", "--exclude-standard").splitlines() if Path(f).is_file() and not Path(f).is_symlink() and not f.startswith("whetstone/")]
for f in files:
    p = Path(f)
    if p.suffix not in (".py", ".md", ".yaml", ".toml", ".j2", ".txt", "") or f == "LICENSE" or f == "CHANGELOG.md": continue
    try: s = old = p.read_text()
    except UnicodeDecodeError: continue
    if p.suffix in (".py", ".md", ".toml", ".yaml", ""):
        s = NAME.sub(sub, s)
    if p.suffix in (".py", ".md"):
        s = re.sub(r"^(\s*(?:>>> )?from )(finetuning|rewards|evaluation)( import)", r"\1whetstone.\2\3", s, flags=re.M)
    s = PATH.sub(lambda m: paths[m.group(1)], s)
    if s != old: p.write_text(s)
def edit(f, *pairs):
    p = Path(f)
    if not p.exists(): print("no", f); return
    s = p.read_text()
    for a, b in pairs:
        if a not in s: print("not found in", f, ":", a[:60])
        s = s.replace(a, b)
    p.write_text(s)
for f in ("finetuning/model/scorer.py", "rewards/reward_model.py"):
    s = Path(f).read_text()
    s = s.replace("from whetstone.rewards import scale\n", "from whetstone.rewards import score_scale\n")
    s = re.sub(r"\bscale\.(?=(?:fit|load|FILE|Scale)\b)", "score_scale.", s)
    Path(f).write_text(s)
edit("rewards/sandbox/processes.py",
     ('for name in ("rewards", "whetstone.rewards.sandbox"):', 'for name in ("whetstone", "whetstone.rewards", "whetstone.rewards.sandbox"):'),
     ('package.__path__ = [root + "/" + name.replace(".", "/")]', 'package.__path__ = [root + name.removeprefix("whetstone").replace(".", "/")]'))
edit("finetuning/runtime/version.py", ("parents[1] /", "parents[2] /"))
edit("rewards/sandbox/compiled/step.py",
     ("_PACKAGES = str(Path(__file__).resolve().parents[3])", "_PACKAGES = str(Path(whetstone.__file__).resolve().parents[1])"),
     ("from whetstone.rewards.sandbox.compiled.jail import DEVICES", "import whetstone\nfrom whetstone.rewards.sandbox.compiled.jail import DEVICES"))
edit("pyproject.toml",
     ('packages = ["finetuning", "rewards", "evaluation"]', 'packages = ["whetstone"]'),
     ('packages = ["conf", "finetuning", "rewards", "evaluation"]', 'packages = ["whetstone"]\n\n# In a checkout `whetstone/` links to these folders; in a wheel they lie in it.\n[tool.hatch.build.targets.wheel.force-include]\nconf = "whetstone/conf"\nevaluation = "whetstone/evaluation"\nfinetuning = "whetstone/finetuning"\nrewards = "whetstone/rewards"'))
subprocess.run(["git", "add", "-A"], check=True)
py = ROOT / ".venv/bin/python"
subprocess.run([py, "-m", "ruff", "check", "--quiet", "--fix", "--select", "I", "."], check=False)
subprocess.run([py, "-m", "ruff", "format", "--quiet", "."], check=False)
subprocess.run(["git", "add", "-A"], check=True)
