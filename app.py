"""The server: dashboard and REST routes as one ASGI app.

`streamlit run app.py`, `uvicorn app:app` and Streamlit Community Cloud start the same thing. Where this file itself is
executed as the script (a host that does not look for an ASGI app, AppTest) it draws the dashboard.
"""

import sys
from pathlib import Path

import streamlit as st

if __name__ == "__main__" and st.runtime.exists():
    from pages.main import show

    show()
elif __name__ != "__mp_main__":  # a spawned worker imports this file under that name
    from core import check_config, log_files, telemetry
    from core.api.server import lifespan, middleware, routes
    from core.errors import SolarMiningError
    from core.settings import environment, settings
    from pages.ui.runs import unforeseen

    telemetry.begin(environment())
    try:
        check_config.refuse_unsafe(environment(), st.get_option)
        log_files.begin(settings(), environment())
    except SolarMiningError as error:
        sys.exit(check_config.explained(error))
    app = st.App(
        Path(__file__).parent / "pages/main.py",
        routes=routes(),
        middleware=middleware(),
        lifespan=lifespan,
        on_script_error=unforeseen,
    )
