"""All that the pages share, in one place that every request can reach."""

from dataclasses import dataclass

from jinja2 import Environment

from knothole_client.review.entrance import Entrance
from knothole_client.review.machine import Machine
from knothole_client.review.room import Room


@dataclass
class House:
    """The room with the vault, who may enter it, the templates, and what is said of the machine."""

    room: Room
    entrance: Entrance
    templates: Environment
    machine: Machine
