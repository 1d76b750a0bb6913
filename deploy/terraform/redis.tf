# Event logs, rates and wake-ups. Nothing in it is the only copy of anything.

resource "random_password" "redis" {
  length  = 40
  special = false
}

resource "aws_elasticache_subnet_group" "main" {
  name       = local.name
  subnet_ids = [for subnet in aws_subnet.servers : subnet.id]
}

resource "aws_security_group" "redis" {
  name        = "${local.name}-redis"
  description = "Redis, from the cluster's nodes alone"
  vpc_id      = aws_vpc.main.id
}

resource "aws_vpc_security_group_ingress_rule" "redis" {
  security_group_id            = aws_security_group.redis.id
  description                  = "The product's processes"
  referenced_security_group_id = aws_eks_cluster.main.vpc_config[0].cluster_security_group_id
  from_port                    = 6379
  to_port                      = 6379
  ip_protocol                  = "tcp"
}

resource "aws_elasticache_parameter_group" "main" {
  name   = local.name
  family = "redis7"

  # It must refuse, and not forget what somebody still reads.
  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_elasticache_replication_group" "main" {
  replication_group_id = local.name
  description          = "${local.name}: event logs, rates, wake-ups"
  engine               = "redis"
  engine_version       = "7.1"
  node_type            = local.size.redis_type
  port                 = 6379

  # One primary: the product uses several databases of it, which a sharded one has not.
  num_cache_clusters         = 1 + local.size.redis_replicas
  automatic_failover_enabled = local.size.redis_replicas > 0
  multi_az_enabled           = local.size.redis_replicas > 0

  subnet_group_name          = aws_elasticache_subnet_group.main.name
  security_group_ids         = [aws_security_group.redis.id]
  parameter_group_name       = aws_elasticache_parameter_group.main.name
  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.data.arn
  transit_encryption_enabled = true
  auth_token                 = random_password.redis.result
  maintenance_window         = "sun:03:30-sun:04:30"
  auto_minor_version_upgrade = true
  apply_immediately          = true
}
