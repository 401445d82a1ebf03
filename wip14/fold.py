"""fold.py: fold small modules into others (after move.py)."""
import ast, os, re, subprocess, sys
from pathlib import Path
ROOT = Path(".").resolve()
F = [ # (source, target)
 ("finetuning/algo/order.py", "finetuning/algo/curriculum.py"),
 ("finetuning/algo/pretrain.py", "finetuning/algo/sft.py"),
 ("finetuning/config/compose.py", "finetuning/config/command_line.py"),
 ("finetuning/config/evaluation.py", "finetuning/config/commands.py"),
 ("finetuning/config/identity.py", "finetuning/config/load.py"),
 ("finetuning/config/own_model.py", "finetuning/config/presets.py"),
 ("finetuning/config/suggest.py", "finetuning/config/explain.py"),
 ("finetuning/config/rules/adapters.py", "finetuning/config/rules/model.py"),
 ("finetuning/config/rules/architecture.py", "finetuning/config/rules/model.py"),
 ("finetuning/config/rules/context.py", "finetuning/config/rules/model.py"),
 ("finetuning/config/rules/algorithms.py", "finetuning/config/rules/offline.py"),
 ("finetuning/config/rules/publish.py", "finetuning/config/rules/outside.py"),
 ("finetuning/config/rules/teacher.py", "finetuning/config/rules/rewards.py"),
 ("finetuning/config/schema/algo_online.py", "finetuning/config/schema/algo.py"),
 ("finetuning/config/schema/offline.py", "finetuning/config/schema/algo.py"),
 ("finetuning/config/schema/evaluation.py", "finetuning/config/schema/commands.py"),
 ("finetuning/config/schema/pipeline.py", "finetuning/config/schema/config.py"),
 ("finetuning/formats/base.py", "finetuning/formats/read.py"),
 ("finetuning/formats/messages.py", "finetuning/formats/fields.py"),
 ("finetuning/hooks/names.py", "finetuning/hooks/metrics.py"),
 ("finetuning/hooks/unjudged.py", "finetuning/hooks/early_stop.py"),
 ("finetuning/rollout/decode.py", "finetuning/rollout/text.py"),
 ("finetuning/machine.py", "finetuning/runtime/environment.py"),
 ("rewards/board.py", "rewards/composition.py"),
 ("rewards/errors.py", "rewards/base.py"),
 ("rewards/find.py", "rewards/custom.py"),
 ("rewards/given.py", "rewards/custom.py"),
]
def dotted(p): return "whetstone." + p[:-3].replace("/", ".")
def split(path):
    src = Path(path).read_text(); tree = ast.parse(src); lines = src.splitlines(keepends=True)
    doc_end = 0; body = tree.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant): doc_end = body[0].end_lineno; body = body[1:]
    imports, last = [], doc_end
    for n in body:
        if isinstance(n, (ast.Import, ast.ImportFrom)):
            imports.append("".join(lines[n.lineno-1:n.end_lineno])); last = n.end_lineno
        else: break
    names = {t for n in body for t in ([n.name] if isinstance(n,(ast.FunctionDef,ast.ClassDef,ast.AsyncFunctionDef)) else [x.id for x in getattr(n,'targets',[getattr(n,'target',None)]) if isinstance(x, ast.Name)])}
    deps_any = src
    return "".join(lines[:doc_end]), imports, "".join(lines[last:]).strip("\n"), names
def uses_at_import(body, names):
    tree = ast.parse(body)
    used=set()
    for n in tree.body:
        parts = []
        if isinstance(n, ast.ClassDef):
            parts = [*n.bases, *n.decorator_list, *[b for b in n.body if not isinstance(b, ast.FunctionDef)]]
        elif isinstance(n, ast.FunctionDef): parts = [*n.decorator_list, n.args, *( [n.returns] if n.returns else [])]
        else: parts=[n]
        for p in parts:
            used |= {x.id for x in ast.walk(p) if isinstance(x, ast.Name)} & names
    return used
for a, b in F:
    if not Path(a).exists(): print("absent", a); continue
    da, ia, ba, na = split(a); db, ib, bb, nb = split(b)
    both = na & nb
    if both: print("COLLISION", a, b, both)
    ua, ub = uses_at_import(ba, nb), uses_at_import(bb, na)
    if ua and ub: print("MUTUAL", a, b, ua, ub)
    order = [bb, ba] if ua or not ub else [ba, bb]
    drop = re.compile(rf"^from ({re.escape(dotted(a))}|{re.escape(dotted(b))}) import[^\n(]*\n|^from ({re.escape(dotted(a))}|{re.escape(dotted(b))}) import \([^)]*\)\n", re.M)
    imps = drop.sub("", "".join(dict.fromkeys(ib + ia)))
    Path(b).write_text(db + "\n" + imps + "\n\n" + "\n\n\n".join(order) + "\n")
    subprocess.run(["git", "rm", "-qf", a], check=True)
    for f in subprocess.run(["git","ls-files","*.py","*.md"],capture_output=True,text=True).stdout.splitlines():
        p = Path(f)
        if not p.exists() or p.is_symlink(): continue
        s = p.read_text(); n = re.sub(rf"\b{re.escape(dotted(a))}\b", dotted(b), s).replace(a, b) if f != "CHANGELOG.md" else s
        if n != s: p.write_text(n)
    print(b, len(Path(b).read_text().splitlines()))
