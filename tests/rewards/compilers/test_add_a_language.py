"""A language takes the files that CONTRIBUTING lists: it is added to a copy, and then compiled."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
MODULE = """
from whetstone.rewards.compilers.language import Example, Language
from whetstone.rewards.compilers.python import PythonCompiler

TOY = Language(
    compiler=PythonCompiler,
    grammar="tree_sitter_python",
    functions="(function_definition) @function",
    example=Example("def answer(n):\\n", "    return n + 1\\n", "    return n +\\n", "    pass\\n"),
    comment="#",
)
"""
ASK = """
from whetstone.rewards.audit.nothing import audit_nothing
from whetstone.rewards.compiler import CompilerReward
reward = CompilerReward()
report = audit_nothing(reward, ["toy"])
reward.close()
assert report.passed and report.right == 1.0 and len(report.findings) == 5, report
"""


def test_a_language_is_a_module_and_its_names(tmp_path):
    shutil.copytree(ROOT / "rewards", tmp_path / "rewards")
    shutil.copytree(ROOT / "whetstone", tmp_path / "whetstone", symlinks=True)
    (tmp_path / "rewards/compilers/toy.py").write_text(MODULE)
    names = tmp_path / "rewards/languages.py"
    first = '    {\n        "python"'
    text = names.read_text()
    assert first in text
    line = '    {\n        "toy": frozenset({"toy"}),\n        "python"'
    names.write_text(text.replace(first, line))
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
