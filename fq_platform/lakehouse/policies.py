"""What each role may do on AWS, and what becomes of old files, as IAM policies and S3 lifecycle rules.

Belongs here: the rules, made of the layout so that they cannot drift from where tables lie. Does not: applying them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, Layout

Document = dict[str, Any]
"""JSON."""

_GLUE_FIND = ("GetDatabase", "GetDatabases")
_GLUE_READ = ("GetTable", "GetTables", "GetTableVersion", "GetTableVersions")
_GLUE_WRITE = ("CreateTable", "UpdateTable")
_GLUE_UPKEEP = ("CreateDatabase", "DeleteTable", "DeleteTableVersion", "BatchDeleteTableVersion")
_S3_WRITE = ("PutObject", "AbortMultipartUpload", "ListMultipartUploadParts")
_S3_DELETE = ("DeleteObject", "DeleteObjectVersion")

ABORT_UPLOADS_AFTER_DAYS = 7
RAW_INFREQUENT_AFTER_DAYS = 90
INFREQUENT_AT_LEAST_BYTES = 128 * 1024
"""Smaller files, such as most metadata, would be billed as this much: they stay where they are."""
OLD_VERSIONS_DAYS = {Layer.RAW: 365, Layer.CURATED: 30, Layer.SHARED: 30, Layer.ANALYTICS: 30}
"""How long what was deleted or overwritten can be brought back, in a bucket with versioning."""


@dataclass(frozen=True)
class Role:
    """Who works on the lake.

    Args:
        name: The name of its policy.
        writes: The layers that it may add files to.
        reads: Further layers that it may read.
        deletes: Whether it may delete files and tables, in the layers that it writes.
        denies_deletion: Whether nobody who has the role may delete there, whatever other policies allow.
    """

    name: str
    writes: tuple[Layer, ...] = ()
    reads: tuple[Layer, ...] = ()
    deletes: bool = False
    denies_deletion: bool = False


ROLES = (
    Role("raw-writer", writes=(Layer.RAW,), denies_deletion=True),
    Role("curated-writer", writes=(Layer.CURATED, Layer.SHARED), reads=(Layer.RAW,)),
    Role("analytics-writer", writes=(Layer.ANALYTICS,), reads=(Layer.CURATED, Layer.SHARED)),
    Role("analyst", reads=(Layer.CURATED, Layer.SHARED, Layer.ANALYTICS)),
    Role("upkeep", writes=tuple(Layer), deletes=True),
)


@dataclass(frozen=True)
class Account:
    """Where on AWS the lake is.

    Args:
        region: Such as `eu-central-1`.
        number: Twelve digits, or `*` for the one that the policies are attached in.
        kms_key: Id, alias or ARN of the key that files are encrypted with; None for S3's own.
    """

    region: str
    number: str = "*"
    kms_key: str | None = None

    @property
    def partition(self) -> str:
        """The part of AWS that the region belongs to."""
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(self.region.rpartition("-")[0].rpartition("-")[0], "aws")

    def arn(self, service: str, resource: str) -> str:
        """The name of a resource in this region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.number}:{resource}"


def policy_documents(layout: Layout, account: Account) -> dict[str, Document]:
    """All documents of a lake in S3 that AWS Glue is the catalog of.

    Args:
        layout: Whose warehouse is `s3://<bucket>/<folder>`.
        account: Where on AWS it is.

    Returns:
        File name -> content: a policy for each of `ROLES`, and `lifecycle.json` for the bucket.

    Raises:
        FqError: The warehouse is not in S3.
    """
    uri = urlsplit(layout.warehouse or "")
    if uri.scheme != "s3":
        raise FqError(
            f"There are no policies for a warehouse at {layout.warehouse}: it is not in S3",
            where="FQ_WAREHOUSE",
            fix="Let it name s3://<bucket>/<folder>, or unset it so that S3_BUCKET decides",
        )
    bucket = _Bucket(layout, account, uri.netloc, uri.path.strip("/"))
    policies = {f"{role.name}.json": bucket.policy(role) for role in ROLES}
    return policies | {"lifecycle.json": bucket.lifecycle()}


@dataclass(frozen=True)
class _Bucket:
    """The bucket of a warehouse, and the folder of the warehouse in it."""

    layout: Layout
    account: Account
    name: str
    folder: str

    def policy(self, role: Role) -> Document:
        return {"Version": "2012-10-17", "Statement": list(self._statements(role))}

    def _statements(self, role: Role) -> Iterator[Document]:
        readable = [layer for layer in Layer if layer in {*role.writes, *role.reads}]
        yield _allow("FindBucket", ["s3:GetBucketLocation"], [self._arn])
        yield _allow("ListFiles", ["s3:ListBucket"], [self._arn]) | {
            "Condition": {"StringLike": {"s3:prefix": [self._prefix(layer) + "*" for layer in readable]}}
        }
        yield _allow("ReadFiles", ["s3:GetObject"], self._objects(readable))
        if role.writes:
            yield _allow("AddFiles", _actions("s3", _S3_WRITE), self._objects(role.writes))
        if role.deletes:
            yield _allow("DeleteFiles", _actions("s3", _S3_DELETE), self._objects(role.writes))
        if role.denies_deletion:
            yield _deny("DeleteNothing", ["s3:DeleteObject*"], self._objects(role.writes))
        # Whoever opens the catalog looks which namespaces there are.
        every_database = [self.account.arn("glue", name) for name in ("catalog", "database/*")]
        yield _allow("FindDatabases", _actions("glue", _GLUE_FIND), every_database)
        yield _allow("ReadCatalog", _actions("glue", _GLUE_READ), self._catalog(readable))
        if role.writes:
            yield _allow("CommitToCatalog", _actions("glue", _GLUE_WRITE), self._catalog(role.writes))
        if role.deletes:
            yield _allow("KeepCatalog", _actions("glue", _GLUE_UPKEEP), self._catalog(role.writes))
        if self.account.kms_key:
            yield self._encryption(self.account.kms_key, writes=bool(role.writes))

    def _encryption(self, key: str, *, writes: bool) -> Document:
        actions = ["kms:Decrypt", "kms:GenerateDataKey"] if writes else ["kms:Decrypt"]
        if key.startswith("alias/"):
            condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": key}}
            return _allow("Encryption", actions, [self.account.arn("kms", "key/*")]) | {"Condition": condition}
        return _allow("Encryption", actions, [key if key.startswith("arn:") else self.account.arn("kms", f"key/{key}")])

    @property
    def _arn(self) -> str:
        return f"arn:{self.account.partition}:s3:::{self.name}"

    def _prefix(self, layer: Layer) -> str:
        """What the keys of a layer's files begin with."""
        return "/".join(part for part in (self.folder, self.layout.folder(layer)) if part) + "/"

    def _objects(self, layers: Sequence[Layer]) -> list[str]:
        return [f"{self._arn}/{self._prefix(layer)}*" for layer in layers]

    def _catalog(self, layers: Sequence[Layer]) -> list[str]:
        databases = [".".join(self.layout.namespace(layer)) for layer in layers]
        names = ["catalog", *(f"database/{name}" for name in databases), *(f"table/{name}/*" for name in databases)]
        return [self.account.arn("glue", name) for name in names]

    def lifecycle(self) -> Document:
        """Rules that never touch a file that is there: only what was replaced, and uploads that were given up."""
        whole = f"{self.folder}/" if self.folder else ""
        rules: list[Document] = [
            {
                "ID": "abort-incomplete-uploads",
                "Status": "Enabled",
                "Filter": {"Prefix": whole},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABORT_UPLOADS_AFTER_DAYS},
            },
            {
                "ID": "raw-to-infrequent-access",
                "Status": "Enabled",
                "Filter": {
                    "And": {
                        "Prefix": self._prefix(Layer.RAW),
                        "ObjectSizeGreaterThan": INFREQUENT_AT_LEAST_BYTES - 1,
                    }
                },
                "Transitions": [{"Days": RAW_INFREQUENT_AFTER_DAYS, "StorageClass": "STANDARD_IA"}],
            },
        ]
        rules.extend(self._old_versions(layer, days) for layer, days in OLD_VERSIONS_DAYS.items())
        return {"Rules": rules}

    def _old_versions(self, layer: Layer, days: int) -> Document:
        return {
            "ID": f"{layer}-old-versions",
            "Status": "Enabled",
            "Filter": {"Prefix": self._prefix(layer)},
            "NoncurrentVersionExpiration": {"NoncurrentDays": days},
            "Expiration": {"ExpiredObjectDeleteMarker": True},
        }


def _actions(service: str, names: Sequence[str]) -> list[str]:
    return [f"{service}:{name}" for name in names]


def _allow(name: str, actions: Sequence[str], resources: Sequence[str]) -> Document:
    return _statement("Allow", name, actions, resources)


def _deny(name: str, actions: Sequence[str], resources: Sequence[str]) -> Document:
    return _statement("Deny", name, actions, resources)


def _statement(effect: str, name: str, actions: Sequence[str], resources: Sequence[str]) -> Document:
    return {"Sid": name, "Effect": effect, "Action": list(actions), "Resource": list(resources)}
