"""Who may do what: every event handler declares its roles and is checked when it is called.

    doors = Doors(workspace, login=True, refuse=gr.Error)

    @doors.allow("admin", "reviewer")
    def confirm(unit_id: int, request: gr.Request) -> str: ...

A hidden tab protects nothing: each handler is an endpoint that any signed-in person can call. The
person is taken from the request alone, never from a component. With `login` off (the app answers
on the loopback address only) whoever the entrance let in is the admin `local`.

This module knows roles and names, not pages: the page's request and error types are passed in.
"""

import errno
import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from db.access import downloads, users
from db.access.users import Role
from db.errors import NotAllowed, NotFound, WorkbenchError
from db.workspace import Workspace, full, open_database

LOCAL = "local"

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Request(Protocol):
    """What is needed of the page framework's request."""

    username: str | None


@dataclass(frozen=True)
class Person:
    """Whoever calls a handler."""

    name: str
    role: Role


@dataclass(frozen=True)
class Doors:
    """The entrance to a workspace.

    Attributes:
        workspace: what is behind the doors.
        login: whether people sign in; off only when the app answers on loopback alone.
        refuse: makes the page's error out of a sentence.
    """

    workspace: Workspace
    login: bool
    refuse: Callable[[str], Exception]

    def person(self, request: Request) -> Person:
        """Who is asking.

        Raises:
            NotAllowed: login is on and the request carries no account that exists.
        """
        if not self.login:
            return Person(LOCAL, "admin")
        if not request.username:
            raise NotAllowed("Sign in first.")
        with open_database(self.workspace) as db:
            try:
                user = users.get(db, request.username)
            except NotFound as error:
                raise NotAllowed("This account no longer exists.") from error
        return Person(user.name, user.role)

    def new_folder(self, request: Request) -> Path:
        """An empty folder for a file that only whoever is asking may fetch."""
        return downloads.new_folder(self.workspace, self.person(request).name)

    def _refusal(self, error: Exception) -> Exception:
        """What the page shows: a sentence, or the error itself where it is a defect of ours."""
        if isinstance(error, OSError):
            space = error.errno in (errno.ENOSPC, errno.EDQUOT)
            return self.refuse(full(self.workspace)) if space else error
        return self.refuse(str(error))

    def allow(self, *roles: Role) -> Callable[[Handler], Handler]:
        """Let only people of these roles call the handler, and show its errors as sentences.

        The handler must take a parameter named `request`, annotated with the page's request type so
        that the framework fills it in. The roles stand on the wrapped function as `.roles`, where a
        test over all endpoints of the app finds them.

        Raises:
            TypeError: the handler has no parameter `request`.
        """

        def decorate(handler: Handler) -> Handler:
            parameters = list(inspect.signature(handler).parameters)
            if "request" not in parameters:
                raise TypeError(f"expected {handler.__qualname__} to take a parameter `request`")
            position = parameters.index("request")

            def check(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
                request = kwargs["request"] if "request" in kwargs else args[position]
                person = self.person(request)
                if person.role not in roles:
                    raise NotAllowed(
                        f"This needs the role {' or '.join(roles)}; {person.name} is {person.role}."
                    )

            if inspect.isgeneratorfunction(handler):

                @functools.wraps(handler)
                def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
                    try:
                        check(args, kwargs)
                        yield from handler(*args, **kwargs)
                    except (WorkbenchError, OSError) as error:
                        raise self._refusal(error) from error

                generate.roles = roles  # type: ignore[attr-defined]
                return generate  # type: ignore[return-value]

            @functools.wraps(handler)
            def call(*args: Any, **kwargs: Any) -> Any:
                try:
                    check(args, kwargs)
                    return handler(*args, **kwargs)
                except (WorkbenchError, OSError) as error:
                    raise self._refusal(error) from error

            call.roles = roles  # type: ignore[attr-defined]
            return call  # type: ignore[return-value]

        return decorate
