"""A test bed whose account also has Glue's catalogs and Lake Formation's registrations."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from tests.bed import Bed, servers
from tests.catalog_server import CatalogServer


class AccountBed(Bed):
    """The bed, with a catalog server between everybody and moto."""

    catalogs: CatalogServer

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self.catalogs.close()

    @property
    def moto_url(self) -> str:
        """Return the endpoint of Glue and Lake Formation."""
        return self.catalogs.url

    def environment(self) -> dict[str, str]:
        """Return what leads an SDK to this account, as its root."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_GLUE": self.moto_url,
            "AWS_ENDPOINT_URL_LAKEFORMATION": self.moto_url,
            "AWS_ENDPOINT_URL_SERVICE_QUOTAS": self.moto_url,
            # Named as well, because it wins over the first one where another test has set it.
            "AWS_ENDPOINT_URL_S3TABLES": self.url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": servers.ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": servers.ROOT_KEY,
        }

    def _start(self) -> None:
        folder, python = Path(self._folder.name), servers.bed_python()
        moto = servers.start_moto(folder)
        self._servers.append(moto)
        self.catalogs = CatalogServer(moto.url)
        ministack = servers.start_ministack(folder, python, self.catalogs.url, auth=self.auth)
        self._servers.append(ministack)
