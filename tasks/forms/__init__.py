"""What officers read and answer in the Prefect UI."""
