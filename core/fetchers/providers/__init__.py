"""One file a provider: how to ask it, how to read its reply, and what is peculiar about it.

To add one: write a file with a `Source` for each question it answers, and name it in the ladder of that question.
"""
