"""What Prefect's server, worker and clients are told, derived from our settings: one place for every switch.

Telemetry and every call to the internet that the server or the UI would make by itself are off (DESIGN.md 4.2).
"""

from models.settings import Settings

PRELOAD = ("flows.runtime.preload",)


def prefect_environment(config: Settings) -> dict[str, str]:
    """Return `PREFECT_*` variables for the server and everything that talks to it."""
    variables = {
        "PREFECT_HOME": str((config.home / "prefect").resolve()),
        "PREFECT_API_URL": config.prefect_api,
        "PREFECT_SERVER_API_HOST": "127.0.0.1",
        "PREFECT_SERVER_API_PORT": str(config.prefect_port),
        "PREFECT_UI_API_URL": config.prefect_api,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(_our_origins(config)),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_WORKER_QUERY_SECONDS": str(config.poll_seconds),
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "30",
        "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_RUNS": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_MAX_RUNS": "2",
        "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_SCHEDULED_TIME": "PT1M",
        "DSR_WORK_POOL": config.work_pool,
    }
    database_url = config.prefect_database_url.get_secret_value()
    if database_url:
        variables["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database_url
    login = config.prefect_auth.get_secret_value()
    if login:
        variables |= {"PREFECT_SERVER_API_AUTH_STRING": login, "PREFECT_API_AUTH_STRING": login}
    return variables


def _our_origins(config: Settings) -> list[str]:
    """Whose pages may use the API: by default Prefect lets every website that an officer visits do so."""
    port = config.prefect_port
    return [config.prefect_url.rstrip("/"), f"http://127.0.0.1:{port}", f"http://localhost:{port}"]
