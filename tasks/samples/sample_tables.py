"""The tables of the invented website, with real keys (systems.md section 8); declaring them changes nothing."""

import sqlalchemy as sa

SITE = sa.MetaData()
DEAL_STAGES = sa.Table(
    "deal_stages",
    SITE,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False),
)
CONTACTS = sa.Table(
    "contacts",
    SITE,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(254)),
    sa.Column("phone", sa.String(40)),
    sa.Column("full_name", sa.String(200)),
    sa.Column("role", sa.String(100)),
    sa.Column("company", sa.String(200)),
    sa.Column("notes", sa.Text),
    sa.Column("marketing_optin", sa.Boolean, nullable=False),
    sa.Column("opted_out_at", sa.DateTime),
    sa.Column("restricted_at", sa.DateTime),
    sa.Column("litigation", sa.Boolean, nullable=False),
    sa.Column("last_contact_at", sa.DateTime, nullable=False),
)
FORM_SUBMISSIONS = sa.Table(
    "form_submissions",
    SITE,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("email", sa.String(254), nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
)
DEALS = sa.Table(
    "deals",
    SITE,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("contact_id", sa.ForeignKey("contacts.id"), nullable=False),
    sa.Column("stage_id", sa.ForeignKey("deal_stages.id"), nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("amount", sa.Numeric(12, 2), nullable=False),
    sa.Column("closed_on", sa.Date),
)
INVOICES = sa.Table(
    "invoices",
    SITE,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("deal_id", sa.ForeignKey("deals.id"), nullable=False),
    sa.Column("number", sa.String(20), nullable=False, unique=True),
    sa.Column("billing_name", sa.String(200), nullable=False),
    sa.Column("billing_mail", sa.String(254)),
    sa.Column("total", sa.Numeric(12, 2), nullable=False),
    sa.Column("issued_on", sa.Date, nullable=False),
)
EMAIL_LOG = sa.Table(
    "email_log",
    SITE,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("from_addr", sa.String(254), nullable=False),
    sa.Column("to_addr", sa.String(254), nullable=False),
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("sent_at", sa.DateTime, nullable=False),
)
WEB_SESSIONS = sa.Table(
    "web_sessions",
    SITE,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("visitor_id", sa.String(32), nullable=False),
    sa.Column("ip_trunc", sa.String(45), nullable=False),
    sa.Column("pages", sa.JSON, nullable=False),
    sa.Column("started_at", sa.DateTime, nullable=False),
)
