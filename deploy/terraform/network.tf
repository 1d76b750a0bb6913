# Public subnets have nothing but the load balancer and the way out; nodes and servers are private.

resource "aws_vpc" "main" {
  cidr_block           = var.network
  enable_dns_hostnames = true
  tags                 = { Name = local.name }
}

# Nothing uses it: it lets nothing through.
resource "aws_default_security_group" "unused" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "public" {
  for_each          = { for number, zone in local.zones : zone => number }
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.network, 8, each.value)

  tags = {
    Name                     = "${local.name}-public-${each.key}"
    "kubernetes.io/role/elb" = "1"
  }
}

resource "aws_subnet" "private" {
  for_each          = { for number, zone in local.zones : zone => number }
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  # A pod has an address of its own.
  cidr_block = cidrsubnet(var.network, 4, each.value + 1)

  tags = {
    Name                              = "${local.name}-private-${each.key}"
    "kubernetes.io/role/internal-elb" = "1"
  }
}

resource "aws_subnet" "servers" {
  for_each          = { for number, zone in local.zones : zone => number }
  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.network, 8, each.value + 8)
  tags              = { Name = "${local.name}-servers-${each.key}" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = local.name }
}

# One a zone, so that a zone that is away takes no other with it.
resource "aws_eip" "out" {
  for_each = toset(local.zones)
  domain   = "vpc"
  tags     = { Name = "${local.name}-out-${each.key}" }
}

resource "aws_nat_gateway" "out" {
  for_each      = toset(local.zones)
  allocation_id = aws_eip.out[each.key].id
  subnet_id     = aws_subnet.public[each.key].id
  tags          = { Name = "${local.name}-${each.key}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  tags   = { Name = "${local.name}-public" }

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}

resource "aws_route_table" "private" {
  for_each = toset(local.zones)
  vpc_id   = aws_vpc.main.id
  tags     = { Name = "${local.name}-private-${each.key}" }

  route {
    cidr_block     = "0.0.0.0/0"
    nat_gateway_id = aws_nat_gateway.out[each.key].id
  }
}

resource "aws_route_table_association" "public" {
  for_each       = aws_subnet.public
  subnet_id      = each.value.id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table_association" "private" {
  for_each       = aws_subnet.private
  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

# Files go to their bucket without leaving the network.
resource "aws_vpc_endpoint" "files" {
  vpc_id          = aws_vpc.main.id
  service_name    = "com.amazonaws.${var.region}.s3"
  route_table_ids = [for table in aws_route_table.private : table.id]
  tags            = { Name = "${local.name}-s3" }
}

resource "aws_flow_log" "main" {
  vpc_id               = aws_vpc.main.id
  traffic_type         = "REJECT"
  log_destination_type = "s3"
  log_destination      = "${aws_s3_bucket.logs.arn}/network/"
}
