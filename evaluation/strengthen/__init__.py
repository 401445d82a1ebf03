"""More tests for a data set: inputs of its own, changed a little, and what right programs answer.

`mutation` changes values and `likeness` says which changes stay what the tests show; `calls`,
`call_list` and `inputs_outputs` are the three forms of tests; `asking` runs right programs, and
`strengthen` keeps what kills a surviving mutant.
"""
