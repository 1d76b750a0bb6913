output "cluster" {
  description = "For aws eks update-kubeconfig --name."
  value       = aws_eks_cluster.main.name
}

output "certificate" {
  description = "For the load balancer's annotation."
  value       = aws_acm_certificate_validation.main.certificate_arn
}

output "files_bucket" {
  description = "MEDIA_URL. The pods' identity may use it: it needs no key."
  value       = "s3://${aws_s3_bucket.files.bucket}?region=${var.region}"
}

output "secrets" {
  description = "Names that components/external-secrets reads."
  value       = [for secret in aws_secretsmanager_secret.product : secret.name]
}

output "bootstrap" {
  description = "The secret with what docs/bootstrap.sql is run with, once."
  value       = aws_secretsmanager_secret.bootstrap.name
}

output "trusted_proxies" {
  description = "For TRUSTED_PROXIES: the pods' networks."
  value       = [for subnet in aws_subnet.private : subnet.cidr_block]
}

output "replicas" {
  description = "Addresses for reading."
  value       = [for replica in aws_db_instance.replica : replica.address]
}
