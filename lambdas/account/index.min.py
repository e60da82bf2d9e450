from __future__ import annotations
import functools
import json
from typing import Any
CATALOG = "s3tablescatalog"
DEFAULTS = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")
EVERYBODY = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
def integration(request, clock, glue, lakeformation):
 if request.action == "Delete":
  return {"Note": f"{CATALOG} and its registration stay: every table is read through them"}
 access, partition = request.new["Access"], request.role.split(":")[1]
 location = f"arn:{partition}:s3tables:{glue.meta.region_name}:{request.account}:bucket/*"
 clock.retry(functools.partial(catalog, glue, access, location, make=False))
 steps = []
 if access == "lake_formation":
  known = functools.partial(registration, lakeformation, location, request.new["RoleArn"])
  steps.append(clock.retry(known, bound=60))
 steps.append(clock.retry(functools.partial(catalog, glue, access, location, make=True)))
 return {"Note": "; ".join(steps)}
def catalog(glue, access, location, make):
 try:
  found = glue.get_catalog(CatalogId=CATALOG)["Catalog"]
 except glue.exceptions.EntityNotFoundException:
  if not make:
   return f"{CATALOG} is not there"
  glue.create_catalog(Name=CATALOG, CatalogInput=catalog_input(access, location))
  return f"{CATALOG} made"
 federated = found.get("FederatedCatalog") or {}
 if (federated.get("ConnectionName"), federated.get("Identifier")) != ("aws:s3tables", location):
  raise Refused(f"the catalog {CATALOG} is not the one of {location}, but of {json.dumps(federated)}")
 governed = mode(found)
 if governed != access:
  raise Refused(
   f"{CATALOG} is governed by {governed}, and {access} was asked for. A switch takes all access of "
            "the other kind from everybody in this account and Region, so it is not done here. Ask for the "
            f"other mode, or switch by hand and deploy again: {switch(access, location)}"
  )
 return f"{CATALOG} was there"
def catalog_input(access, location):
 permitted = [{"Principal": EVERYBODY, "Permissions": ["ALL"]}] if access == "iam" else []
 return {
  "FederatedCatalog": {"Identifier": location, "ConnectionName": "aws:s3tables"},
  **dict.fromkeys(DEFAULTS, permitted),
  "AllowFullTableExternalDataAccess": "True",
 }
def mode(found):
 permitted = [
  {
   permission
   for each in found.get(default) or []
   if each.get("Principal") == EVERYBODY
   for permission in each["Permissions"]
  }
  for default in DEFAULTS
 ]
 if not any(found.get(default) for default in DEFAULTS):
  return "lake_formation"
 return "iam" if all("ALL" in each for each in permitted) else "a mixture of iam and lake_formation"
def switch(access, location):
 changed = {**catalog_input(access, location), "OverwriteChildResourcePermissionsWithDefault": "Accept"}
 update = f"aws glue update-catalog --catalog-id {CATALOG} --catalog-input '{json.dumps(changed)}'"
 where = f"--resource-arn '{location}'"
 if access == "iam":
  return f"{update} && aws lakeformation deregister-resource {where}"
 register = f"aws lakeformation register-resource {where} --with-federation --role-arn ROLE"
 return f"{register} && {update} (ROLE: one that Lake Formation may assume, see docs/account.md)"
def registration(lakeformation, location, role):
 try:
  found = lakeformation.describe_resource(ResourceArn=location)["ResourceInfo"]
 except lakeformation.exceptions.EntityNotFoundException:
  lakeformation.register_resource(ResourceArn=location, RoleArn=role, WithFederation=True)
  return f"{location} registered"
 if not found.get("WithFederation"):
  raise Refused(
   f"{location} is registered without federation, so nobody can read a table through {CATALOG}. "
            "Switch that on and deploy again: aws lakeformation update-resource --with-federation "
            f"--resource-arn '{location}' --role-arn {found['RoleArn']}"
  )
 own = found["RoleArn"] == role
 return f"{location} was registered" + ("" if own else f", with {found['RoleArn']}, which stays in use")
KINDS["Custom::S3TablesIntegration"] = (integration, ("glue", "lakeformation"))
