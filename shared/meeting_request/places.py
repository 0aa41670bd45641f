"""Where people meet, apart from online."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from shared.meeting_request.people import Address
from shared.validation.closed_model import ClosedModel
from shared.validation.list_bound import ItemCount
from shared.validation.text import AnyCase, NonBlankLine, SingleLine, Uri

MAX_LOCATIONS = 100


class PhysicalAddress(ClosedModel):
    """A postal address.

    Attributes:
        street: The street and house number.
        city: The city.
        state: The state or province.
        country_or_region: The country or region.
        postal_code: The postal code.

    https://learn.microsoft.com/graph/api/resources/physicaladdress
    """

    street: SingleLine | None = None
    city: SingleLine | None = None
    state: SingleLine | None = None
    country_or_region: SingleLine | None = None
    postal_code: SingleLine | None = None


class Coordinates(ClosedModel):
    """A point on the globe.

    Attributes:
        latitude: The latitude in degrees.
        longitude: The longitude in degrees.

    https://learn.microsoft.com/graph/api/resources/outlookgeocoordinates
    """

    model_config = ConfigDict(title="OutlookGeoCoordinates")

    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None


type LocationType = Annotated[
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


class Location(ClosedModel):
    """A room or a place.

    Attributes:
        display_name: The name of the place.
        location_email_address: The address of the room's mailbox.
        location_uri: A link to the place.
        address: The postal address.
        coordinates: The point on the globe.
        location_type: The type of the place.

    https://learn.microsoft.com/graph/api/resources/location
    """

    display_name: NonBlankLine
    location_email_address: Address | None = None
    location_uri: Uri | None = None
    address: PhysicalAddress | None = None
    coordinates: Coordinates | None = None
    location_type: LocationType | None = None


Locations = Annotated[tuple[Location, ...], Field(strict=False), ItemCount(most=MAX_LOCATIONS)]
