# Uploaded files, and logs of who reached what. Neither is public.

locals {
  buckets = {
    files = aws_s3_bucket.files
    logs  = aws_s3_bucket.logs
  }
}

resource "aws_s3_bucket" "files" {
  bucket_prefix = "${local.name}-files-"
  force_destroy = !var.is_protected
}

resource "aws_s3_bucket" "logs" {
  bucket_prefix = "${local.name}-logs-"
  force_destroy = !var.is_protected
}

resource "aws_s3_bucket_public_access_block" "each" {
  for_each                = local.buckets
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "each" {
  for_each = local.buckets
  bucket   = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "each" {
  for_each = local.buckets
  bucket   = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "each" {
  for_each = local.buckets
  bucket   = each.value.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = each.key == "logs" ? "AES256" : "aws:kms"
      kms_master_key_id = each.key == "logs" ? null : aws_kms_key.data.arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "each" {
  for_each = local.buckets
  bucket   = each.value.id

  rule {
    id     = "old"
    status = "Enabled"

    filter {}

    # What was removed can be had back for as long as the database can be taken back.
    noncurrent_version_expiration {
      noncurrent_days = var.backup_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }

    dynamic "expiration" {
      for_each = each.key == "logs" ? [90] : []

      content {
        days = expiration.value
      }
    }
  }
}

resource "aws_s3_bucket_logging" "files" {
  bucket        = aws_s3_bucket.files.id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "files/"
}

data "aws_iam_policy_document" "encrypted" {
  for_each = local.buckets

  statement {
    sid       = "EncryptedOnTheWay"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [each.value.arn, "${each.value.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  dynamic "statement" {
    for_each = each.key == "logs" ? ["logging.s3.amazonaws.com", "delivery.logs.amazonaws.com"] : []

    content {
      sid       = replace(statement.value, ".", "")
      actions   = ["s3:PutObject", "s3:GetBucketAcl"]
      resources = [each.value.arn, "${each.value.arn}/*"]

      principals {
        type        = "Service"
        identifiers = [statement.value]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.here.account_id]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "each" {
  for_each = local.buckets
  bucket   = each.value.id
  policy   = data.aws_iam_policy_document.encrypted[each.key].json
}
