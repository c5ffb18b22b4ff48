"""A static site needs nothing outside its folder, names nobody, and is the same bytes each time."""

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

import app
from audits.ablation import plan as ablation_plan
from audits.ablation.job import ablate
from audits.find import verdicts
from audits.report import gather as reports
from audits.site import writing
from db import jobs
from db.access import users
from db.annotate import campaigns, slots
from db.annotate.annotations import Answer
from db.audit import blind_review, finding, words
from db.audit.words import Query
from db.describe import descriptions, exemplars, faithfulness, trusted
from db.describe.descriptions import NewDescription
from db.describe.faithfulness import Score
from db.describe.trusted import NewTrusted
from db.workspace import Workspace, create, open_database
from describer import workspace_files
from describer.describe import plan as description_plans
from describer.describe.job import describe
from describer.methods.options import MilanOptions
from helpers.worlds import coloured_images, tiny_milan, two_layer_subject

EVIL = "<script>alert(1)</script>"
NAMES = ("reviewer-ada", "reviewer-bob")
