"""Whether the tests of a data set can be trained on: each problem is tried before a policy is.

`problem` is what is looked at, `trivial` and `mutants` make programs that ought to fail, `overlap`
finds what stands twice or in an evaluation, `examine` runs it all, `verdict` says what to do.
"""
