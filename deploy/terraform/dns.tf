# The certificate of the platform's host and of all workspaces. Their addresses are the load balancer's,
# which the cluster makes: external-dns, or by hand.

data "aws_route53_zone" "main" {
  name = var.zone
}

resource "aws_acm_certificate" "main" {
  domain_name               = var.platform_host
  subject_alternative_names = ["*.${var.tenant_host_suffix}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = {
    for option in aws_acm_certificate.main.domain_validation_options : option.domain_name => option
  }

  zone_id         = data.aws_route53_zone.main.zone_id
  name            = each.value.resource_record_name
  type            = each.value.resource_record_type
  records         = [each.value.resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "main" {
  certificate_arn         = aws_acm_certificate.main.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

# Nobody else may have a certificate for these names.
resource "aws_route53_record" "authorities" {
  for_each = toset([var.platform_host, var.tenant_host_suffix])
  zone_id  = data.aws_route53_zone.main.zone_id
  name     = each.key
  type     = "CAA"
  ttl      = 3600
  records  = ["0 issue \"amazon.com\"", "0 issuewild \"amazon.com\""]
}
