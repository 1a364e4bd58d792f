"""The running system on one machine: Prefect's server, our worker, the web app, the mailbox's bell."""
