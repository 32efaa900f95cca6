/**
 * Sources several views share. They leave meta tenants out: what lies under a meta tenant is shown under its user tenant.
 * CROSS JOIN keeps SQLite from reordering the tables, so that rows come in the order of the first one.
 */

/** Every tenant with its log streams (1, and 1001 of user tenants) and the server that holds them. */
export const tenantLogStreams = `(
  SELECT t.*, l.ls_id, s.svr_ip, s.svr_port, s.sql_port, s.zone,
    CASE WHEN t.primary_zone IN ('RANDOM', '') THEN s.zone ELSE t.primary_zone END AS first_zone,
    (SELECT ifnull(max(u.unit_group_id), 0) FROM unit u JOIN resource_pool p ON p.resource_pool_id = u.resource_pool_id
      WHERE p.tenant_id = t.tenant_id) AS unit_group_id
  FROM tenant t
  CROSS JOIN (SELECT 1 AS ls_id UNION ALL SELECT 1001) l ON l.ls_id = 1 OR t.tenant_id > 1
  CROSS JOIN server s
  WHERE t.tenant_id = 1 OR t.tenant_id % 2 = 0)`;

/** Cluster parameters once (without a tenant) and tenant parameters once per tenant. */
export const parameterValues = `(
  SELECT d.*, NULL AS tenant_id, ifnull(v.value, d.default_value) AS value, s.svr_ip, s.svr_port, s.zone
  FROM parameter_definition d CROSS JOIN server s
  LEFT JOIN parameter_value v ON v.tenant_id = 0 AND v.name = d.name
  WHERE d.scope = 'CLUSTER' AND d.hidden = 0
  UNION ALL
  SELECT d.*, t.tenant_id, CASE WHEN d.name = 'compatible' THEN t.compatible ELSE ifnull(v.value, d.default_value) END,
    s.svr_ip, s.svr_port, s.zone
  FROM tenant t CROSS JOIN parameter_definition d CROSS JOIN server s
  LEFT JOIN parameter_value v ON v.tenant_id = t.tenant_id AND v.name = d.name
  WHERE d.scope = 'TENANT' AND d.hidden = 0 AND (t.tenant_id = 1 OR t.tenant_id % 2 = 0))`;

/** The server with its capacity, what units have been promised of it and what tenants use. */
export const serverResources = `(
  SELECT s.svr_ip, s.svr_port, s.zone, s.sql_port,
    (SELECT CAST(value AS INTEGER) FROM cluster_info WHERE name = 'cpu_capacity') AS cpu_capacity,
    (SELECT CAST(value AS INTEGER) FROM cluster_info WHERE name = 'memory_capacity') AS mem_capacity,
    (SELECT CAST(value AS INTEGER) FROM cluster_info WHERE name IN ('memory_limit', 'memory_capacity') ORDER BY name = 'memory_limit' DESC LIMIT 1) AS memory_limit,
    (SELECT CAST(value AS INTEGER) FROM cluster_info WHERE name = 'log_disk_capacity') AS log_disk_capacity,
    (SELECT CAST(value AS INTEGER) FROM cluster_info WHERE name = 'data_disk_capacity') AS data_disk_capacity,
    (SELECT ifnull(sum(data_bytes), 0) FROM tenant) AS data_disk_in_use,
    (SELECT ifnull(sum(log_bytes), 0) FROM tenant) AS log_disk_in_use,
    ifnull(sum(c.min_cpu), 0.0) AS cpu_assigned, ifnull(sum(c.max_cpu), 0.0) AS cpu_assigned_max,
    ifnull(sum(c.memory_size), 0) AS mem_assigned, ifnull(sum(c.log_disk_size), 0) AS log_disk_assigned
  FROM server s LEFT JOIN unit u ON u.server_id = s.id
  LEFT JOIN resource_pool p ON p.resource_pool_id = u.resource_pool_id
  LEFT JOIN unit_config c ON c.unit_config_id = p.unit_config_id
  GROUP BY s.id)`;

/** Every known system variable once per tenant, with the tenant's global value. */
export const variableValues = `(
  SELECT t.tenant_id, t.create_us, ifnull(v.modify_us, t.create_us) AS modify_us, d.*,
    ifnull(v.value, d.default_value) AS value
  FROM tenant t CROSS JOIN variable_definition d
  LEFT JOIN variable_value v ON v.tenant_id = t.tenant_id AND v.name = d.name
  WHERE t.tenant_id = 1 OR t.tenant_id % 2 = 0)`;
