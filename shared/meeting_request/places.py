"""Where people meet besides online."""

from typing import Annotated, Literal

from pydantic import Field

from shared.meeting_request.people import Address
from shared.validation.closed_model import ClosedModel
from shared.validation.text import AnyCase, FilledLine, Line, Uri


class PhysicalAddress(ClosedModel):
    """A postal address.

    https://learn.microsoft.com/graph/api/resources/physicaladdress
    """

    street: Line | None = None
    city: Line | None = None
    state: Line | None = None
    country_or_region: Line | None = None
    postal_code: Line | None = None


class Coordinates(ClosedModel):
    """A point on the globe, in degrees.

    https://learn.microsoft.com/graph/api/resources/outlookgeocoordinates
    """

    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


class Location(ClosedModel):
    """A room or a place.

    https://learn.microsoft.com/graph/api/resources/location
    """

    display_name: FilledLine
    location_email_address: Address | None = None
    location_uri: Uri | None = None
    address: PhysicalAddress | None = None
    coordinates: Coordinates | None = None
    location_type: (
        Annotated[
            Literal[
                "default",
                "conferenceRoom",
                "homeAddress",
                "businessAddress",
                "geoCoordinates",
                "streetAddress",
                "hotel",
                "restaurant",
                "localBusiness",
                "postalAddress",
            ],
            AnyCase(),
        ]
        | None
    ) = None


Locations = Annotated[tuple[Location, ...], Field(strict=False)]
