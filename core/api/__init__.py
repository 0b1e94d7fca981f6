"""The open door: the REST API under /api/v1, in the same process and on the same port as the dashboard.

A route asks, computes and keeps as a page does: it reads what the caller may see (`identity`), calls the core and writes
the answer out. What every route shares stands beside the routes: the guard before them all, the error form, paging,
idempotency, limits.
"""

PREFIX = "/api/v1"  # how every address of it begins
