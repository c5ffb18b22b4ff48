"""The Annotate tab. `db` comes first: it keeps pandas out of commands that need none."""

import db as db
