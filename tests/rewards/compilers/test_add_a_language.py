"""A language takes the files that CONTRIBUTING lists: it is added to a copy, and then compiled."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
MODULE = """
from rewards.compilers.language import Example, Language
from rewards.compilers.python import PythonCompiler

TOY = Language(
    marks=frozenset({"toy"}),
    compiler=PythonCompiler,
    grammar="tree_sitter_python",
    functions="(function_definition) @function",
    example=Example("def answer(n):\\n", "    return n + 1\\n", "    return n +\\n", "    pass\\n"),
    comment="#",
)
"""
ASK = """
from rewards.audit.nothing import audit_nothing
from rewards.compiler import CompilerReward
reward = CompilerReward()
report = audit_nothing(reward, ["toy"])
reward.close()
assert report.passed and report.right == 1.0 and len(report.findings) == 5, report
"""


def test_a_language_is_a_module_and_a_line_in_the_table(tmp_path):
    shutil.copytree(ROOT / "rewards", tmp_path / "rewards")
    (tmp_path / "rewards/compilers/toy.py").write_text(MODULE)
    table = tmp_path / "rewards/compilers/table.py"
    text = table.read_text()
    text = text.replace("\nLANGUAGES", "\nfrom rewards.compilers.toy import TOY\n\nLANGUAGES", 1)
    table.write_text(
        text.replace('    {\n        "python"', '    {\n        "toy": TOY,\n        "python"', 1)
    )
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
