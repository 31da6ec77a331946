"""What all wire models share."""

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """Built with `model_validate(obj)` from any object that has the attributes; unknown attributes are left out."""

    model_config = ConfigDict(from_attributes=True, extra="ignore")


class ProblemOut(Wire):
    code: str
    message: str
