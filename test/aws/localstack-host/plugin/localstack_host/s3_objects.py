"""Keeps S3's objects in $TMPDIR; LocalStack has one folder of the machine for all that run there."""

import os
import tempfile

from localstack.runtime import hooks


@hooks.on_infra_start()
def keep_objects_apart():
    from localstack.services.s3 import provider

    provider.DEFAULT_S3_TMP_DIR = os.path.join(tempfile.gettempdir(), "s3")
