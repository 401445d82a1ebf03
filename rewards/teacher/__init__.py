"""A teacher: a language model behind an API that grades programs by a rubric."""
