"""Who decides, and the secrets: `dsr officer`, `dsr keys`."""

from typing import Annotated, Literal

import typer

from cli.app import console, group, migrated, now

officer = group("officer", "The people who decide.")
keys = group("keys", "Secrets.")


@officer.command("add")
def officer_add(
    name: str,
    address: str,
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True)],
    totp: Annotated[bool, typer.Option(help="also enrol a one-time code")] = True,
    role: Annotated[
        Literal["officer", "manager"], typer.Option(help="a manager sees figures and no case")
    ] = "officer",
) -> None:
    """Add an officer, or with --role manager somebody who sees figures only; with --totp, print the address to scan once."""
    from models.database import unit_of_work
    from models.tables import Role
    from tasks.officers import add_officer

    migrated()
    with unit_of_work() as session:
        provisioning = add_officer(session, name, address, password, now(), totp=totp, role=Role(role))
    what = "decide" if role == "officer" else "look at figures"
    console.print(f"{name} may {what} now")
    if provisioning.otpauth_uri:
        console.print(
            f"Scan or type this into the one-time code app, now: {provisioning.otpauth_uri}", soft_wrap=True
        )


@keys.command("new")
def keys_new() -> None:
    """Print fresh secrets for .env."""
    import secrets

    from cryptography.fernet import Fernet

    typer.echo(f"DSR_ENCRYPTION_KEYS='[\"{Fernet.generate_key().decode()}\"]'")
    typer.echo(f"DSR_SESSION_SECRET={secrets.token_urlsafe(32)}")
    typer.echo(f"# DSR_CHECK_TOKENS='[\"{secrets.token_urlsafe(32)}\"]'")
    typer.echo(f"DSR_FINGERPRINT_KEYS='[\"{secrets.token_urlsafe(32)}\"]'")
