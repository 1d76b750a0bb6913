# What components/external-secrets hands to the pods. Made here, so that nobody ever types or reads them;
# keys of providers are added by hand (docs/deploy.md).

resource "random_password" "login" {
  for_each = toset(["app", "migrator"])
  length   = 40
  special  = false
}

resource "random_password" "secret_key" {
  length  = 64
  special = false
}

resource "random_password" "backup_key" {
  length  = 64
  special = false
}

resource "random_password" "metrics_token" {
  length  = 40
  special = false
}

locals {
  database = "${aws_db_instance.main.address}:${aws_db_instance.main.port}/chatbot_saas?sslmode=require"

  secrets = {
    # Names as components/external-secrets asks for them.
    (var.environment) = {
      DATABASE_URL  = "postgresql://app:${random_password.login["app"].result}@${local.database}"
      REDIS_URL     = "rediss://:${random_password.redis.result}@${aws_elasticache_replication_group.main.primary_endpoint_address}:6379"
      SECRET_KEY    = random_password.secret_key.result
      METRICS_TOKEN = random_password.metrics_token.result
    }
    "${var.environment}-migration" = {
      MIGRATION_DATABASE_URL = "postgresql://migrator:${random_password.login["migrator"].result}@${local.database}"
    }
    # Keep it outside of this account too: without it no backup opens.
    "${var.environment}-backup" = {
      BACKUP_KEY = random_password.backup_key.result
    }
  }

  # For docs/bootstrap.sql alone, once.
  bootstrap = {
    SUPERUSER_URL     = "postgresql://postgres:${random_password.database.result}@${local.database}"
    APP_PASSWORD      = random_password.login["app"].result
    MIGRATOR_PASSWORD = random_password.login["migrator"].result
  }
}

resource "aws_secretsmanager_secret" "product" {
  for_each                = toset([var.environment, "${var.environment}-migration", "${var.environment}-backup"])
  name                    = "chatbot/${each.key}"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "product" {
  for_each      = aws_secretsmanager_secret.product
  secret_id     = each.value.id
  secret_string = jsonencode(local.secrets[each.key])

  lifecycle {
    # Keys of providers are added beside these.
    ignore_changes = [secret_string]
  }
}

resource "aws_secretsmanager_secret" "bootstrap" {
  name                    = "chatbot/${var.environment}-bootstrap"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 30
}

resource "aws_secretsmanager_secret_version" "bootstrap" {
  secret_id     = aws_secretsmanager_secret.bootstrap.id
  secret_string = jsonencode(local.bootstrap)
}
