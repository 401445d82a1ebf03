"""Reductions that make sense for items of any type, shared by the three domains."""

from whetstone.finetuning.nano.primitives import Comprehension, Loop, Reduce, append_then

AS_LIST = Reduce(
    "list",
    phrases=("a list of ITEMS",),
    right=(Comprehension("[ITEMS]"), append_then("r")),
    misconceptions=(Comprehension("(ITEMS)"),),
)
ASCENDING = Reduce(
    "ascending",
    phrases=("a sorted list of ITEMS",),
    right=(Comprehension("sorted(ITEMS)"), append_then("sorted(r)")),
    misconceptions=(Comprehension("[ITEMS]"), append_then("r.sort()")),
)
REVERSED = Reduce(
    "reversed",
    phrases=("a list, in reverse order, of ITEMS",),
    right=(Comprehension("[ITEMS][::-1]"), append_then("r[::-1]")),
    misconceptions=(Comprehension("sorted([ITEMS], reverse=True)"), append_then("r")),
)
AS_SET = Reduce(
    "set",
    phrases=("the set of ITEMS",),
    right=(Comprehension("set(ITEMS)"), Comprehension("{ITEMS}")),
    misconceptions=(Comprehension("[ITEMS]"), Comprehension("len(set(ITEMS))")),
)
DISTINCT = Reduce(
    "distinct",
    phrases=("the number of distinct values among ITEMS",),
    right=(Comprehension("len(set(ITEMS))"), Comprehension("len({ITEMS})")),
    misconceptions=(Comprehension("len([ITEMS])"), Comprehension("set(ITEMS)")),
)
COUNT = Reduce(
    "count",
    phrases=("the number of ITEMS", "the count of ITEMS"),
    right=(Comprehension("len([ITEMS])"), Loop("0", "r += 1", "r")),
    misconceptions=(Comprehension("sum(ITEMS)"), Loop("0", "r += ITEM", "r")),
    sees_values=False,
)
