-- What Athena takes, and the compiler must take without a word. A line with nothing but ';' is between two.
WITH big AS (SELECT order_id AS id, amount FROM orders WHERE amount > 10), few(a) AS (SELECT id FROM big) SELECT big.id, few.a FROM big JOIN few ON few.a = big.id
;

SELECT order_id, row_number() OVER (PARTITION BY day ORDER BY amount DESC) AS rank, sum(amount) OVER w FROM orders WINDOW w AS (PARTITION BY day ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
;

SELECT order_id FROM orders UNION ALL SELECT order_id FROM visits UNION SELECT 'x' ORDER BY order_id LIMIT 10
;

(SELECT order_id FROM orders) INTERSECT (SELECT order_id FROM visits) EXCEPT SELECT path FROM visits
;

SELECT o.order_id, l.sku, l.price * l.quantity, l.n FROM orders o CROSS JOIN UNNEST(lines) WITH ORDINALITY AS l(sku, quantity, price, n)
;

SELECT t.tag FROM orders, UNNEST(tags) AS t(tag)
;

SELECT sku, quantity FROM orders CROSS JOIN UNNEST(lines)
;

SELECT k, v FROM orders LEFT JOIN UNNEST(labels) AS m(k, v) ON true
;

SELECT geo.place.city, o.geo.place.zip, o.geo.lat, (geo).place.city, "geo"."lat" FROM orders o WHERE geo.lat > 1.5
;

SELECT date_trunc('day', placed_at) AS d, date_trunc('week', ts), date_add('day', 1, day), date_diff('day', day, current_date) FROM orders WHERE placed_at > current_timestamp - INTERVAL '7' DAY AND ts > TIMESTAMP '2026-01-01 00:00:00' AND day >= DATE '2026-01-01'
;

SELECT try_cast(payload AS bigint), CAST(amount AS double), CAST(NULL AS varchar(10)), try(1/n), CAST(json_parse(payload) AS map(varchar, json)) AS m FROM orders
;

SELECT approx_distinct(order_id), approx_percentile(ratio, 0.5), count(*) FILTER (WHERE ok), count(DISTINCT order_id), sum(n), sum(big), sum(amount), avg(amount), avg(n), avg(r), min(ts), max_by(order_id, amount), array_agg(order_id ORDER BY ts) FROM orders
;

SELECT day, geo.place.city, sum(amount), grouping(day) FROM orders GROUP BY GROUPING SETS ((day), (geo.place.city), ())
;

SELECT day, ok, count(*) FROM orders GROUP BY CUBE (day, ok) HAVING count(*) > 1
;

SELECT transform(lines, x -> x.quantity * 2), filter(tags, t -> t LIKE 'a%'), reduce(tags, 0, (s, x) -> s + length(x), s -> s), any_match(tags, x -> x = order_id), map_filter(labels, (k, v) -> v > big) FROM orders
;

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(id, name) WHERE id > 1
;

SELECT sub.id, sub.amount FROM (SELECT order_id AS id, o.* FROM orders o) sub WHERE sub.id = 'a' AND amount > 2
;

SELECT o.order_id FROM orders o WHERE EXISTS (SELECT 1 FROM visits v WHERE v.order_id = o.order_id AND seen > ts)
;

SELECT order_id, (SELECT max(path) FROM visits WHERE visits.order_id = orders.order_id) AS p FROM orders WHERE order_id IN (SELECT order_id FROM visits) AND amount > ALL (SELECT 1) AND (order_id, n) IN (SELECT order_id, 1 FROM visits)
;

SELECT order_id, path FROM orders JOIN visits USING (order_id)
;

SELECT * FROM orders NATURAL JOIN visits
;

SELECT order_id FROM orders NATURAL JOIN visits
;

SELECT a.order_id FROM orders a JOIN orders b ON a.order_id = b.order_id LEFT JOIN visits ON visits.order_id = a.order_id
;

SELECT x.* FROM orders CROSS JOIN LATERAL (SELECT amount * 2 AS twice) AS x
;

SELECT day AS d, count(*) AS c FROM orders GROUP BY 1 ORDER BY c DESC, d NULLS LAST OFFSET 1 ROWS FETCH FIRST 3 ROWS ONLY
;

SELECT DISTINCT CASE WHEN ok THEN 'a' ELSE 'b' END AS x, IF(ok, 1, 2), coalesce(payload, ''), nullif(n, 0), element_at(labels, 'a'), labels['a'], tags[1], lines[1].sku FROM orders
;

SELECT json_extract_scalar(payload, '$.a'), json_format(CAST(labels AS JSON)) AS labels, regexp_like(payload, '^[a-z]'), format('%s', n), concat_ws(',', tags), split(payload, ',')[1] FROM orders
;

SELECT extract(year FROM ts), year(day), day_of_week(ts), at_timezone(placed_at, 'Europe/Berlin'), placed_at AT TIME ZONE 'UTC', to_unixtime(placed_at), from_unixtime(1), format_datetime(ts, 'yyyy') FROM orders
;

SELECT n FROM orders FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00 UTC' WHERE n = 1
;

SELECT n FROM orders FOR VERSION AS OF 8954597067493422955
;

SELECT file_path, record_count FROM "orders$files"
;

SELECT "$path", order_id FROM orders
;

SELECT order_id FROM ORDERS WHERE Amount > 1 AND Orders.N = 2
;

WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t
;

SELECT n FROM orders TABLESAMPLE BERNOULLI (10)
;

SELECT s.d FROM (SELECT sequence(DATE '2026-01-01', DATE '2026-01-10', INTERVAL '1' DAY) AS ds) CROSS JOIN UNNEST(ds) AS s(d)
;

SELECT d, coalesce(c, 0) FROM UNNEST(sequence(1, 10)) AS s(d) LEFT JOIN (SELECT n, count(*) AS c FROM orders GROUP BY n) ON n = d
;

SELECT listagg(order_id, ',') WITHIN GROUP (ORDER BY ts) FROM orders
;

SELECT lag(n, 1) OVER (ORDER BY ts) AS p, lag(n) IGNORE NULLS OVER (ORDER BY ts), first_value(n) OVER (ORDER BY ts), ntile(4) OVER (ORDER BY ts) FROM orders
;

SELECT o.n, v.path FROM (orders o JOIN visits v ON o.order_id = v.order_id) WHERE o.n = 1
;

SELECT * FROM orders MATCH_RECOGNIZE (PARTITION BY order_id ORDER BY ts MEASURES A.ts AS t1 ONE ROW PER MATCH PATTERN (A B? C*) DEFINE B AS n > 1)
;

SELECT histogram(order_id), map_agg(order_id, n), multimap_agg(order_id, n), numeric_histogram(10, ratio), checksum(n), bool_or(ok), every(ok), arbitrary(payload), geometric_mean(ratio), corr(ratio, n), stddev(n), variance(n) FROM orders
;

SELECT CAST(ROW(1, 'a') AS ROW(x BIGINT, y VARCHAR)).x, ARRAY[1, 2][1], MAP(ARRAY['a'], ARRAY[1])['a']
;

SELECT localtime, current_user, localtimestamp, current_date, current_timestamp(3), now(), current_catalog, current_schema, uuid(), pi(), random()
;

SELECT n % 2, -n, n / 2, n + big, amount + 1, n * 1.5, payload || 'x', n <> 2, NOT ok, ok AND NOT ok, n BETWEEN 1 AND 2, payload LIKE 'a\_%' ESCAPE '\', payload IS NULL, n IS DISTINCT FROM 2 FROM orders
;

SELECT substring(payload, 1, 2), substring(payload FROM 2 FOR 3), trim(BOTH ' ' FROM payload), position('a' IN payload), upper(payload), replace(payload, 'a', 'b'), normalize(payload, NFC), U&'\0041', X'65', 1e3, 1.5, 0x1F FROM orders
;

SELECT json_value(payload, 'lax $.a' RETURNING varchar), json_exists(payload, 'lax $.a'), json_query(payload, 'lax $.b' WITH ARRAY WRAPPER) FROM orders
;

SELECT width_bucket(ratio, ARRAY[1.0, 2.0]), bar(ratio, 10), url_extract_host(payload), hour(ts), minute(ts), cardinality(tags), contains(tags, 'a'), array_join(tags, ','), zip(tags, tags), array_sort(tags, (x, y) -> IF(x < y, 1, -1)) FROM orders
;

SELECT day, count(*) AS c FROM orders WHERE day >= :since AND day < :until GROUP BY day HAVING count(*) > 1
;

SELECT t.* AS (a, b) FROM (SELECT n, big FROM orders) t
;

SELECT o.n FROM orders AS o, visits AS v WHERE o.order_id = v.order_id -- a comment with 'quote
;

SELECT a.n FROM (SELECT n FROM orders) AS a WHERE a.n > (SELECT avg(b.n) FROM orders b WHERE b.n <> a.n);
;

WITH a AS (SELECT 1 AS x), b AS (WITH c AS (SELECT x FROM a) SELECT c.x FROM c) SELECT * FROM a, b
;

SELECT timestamp, date FROM (SELECT ts AS timestamp, day AS date FROM orders)
;

SELECT count(*) FROM orders WHERE (geo.place).city = 'x' AND lines[1].price > 2 AND cardinality(filter(lines, l -> l.sku = order_id)) > 0
;

SELECT x.a FROM (SELECT n, big FROM orders) AS x(a, b)
;

SELECT first_name.f FROM (SELECT n AS f FROM orders) first_name FULL OUTER JOIN visits ON 1 = 1
;

SELECT * FROM TABLE(sequence(1, 10))
;

SELECT * FROM JSON_TABLE('[1]', 'lax $' COLUMNS(x int PATH 'lax $.x'))
;

SELECT n FROM orders GROUP BY ALL
;

SELECT count_if(ok), day FROM orders GROUP BY DISTINCT ROLLUP (day)
;

SELECT skew.k FROM orders CROSS JOIN UNNEST(ARRAY[1,2], tags) AS skew(k, t)
;

SELECT a.order_id, max(a.ts) AS ts FROM orders a JOIN visits b ON a.order_id = b.order_id GROUP BY a.order_id ORDER BY order_id, ts
;

SELECT b.* FROM orders a JOIN visits b ON a.order_id = b.order_id ORDER BY order_id
;

WITH orders AS (SELECT order_id, n FROM orders WHERE n > 1) SELECT order_id FROM orders
;

SELECT ok, (SELECT count(*) FROM visits WHERE order_id = o.order_id) AS c FROM orders o ORDER BY c + 1
;

SELECT x.n FROM ((SELECT n FROM orders) x JOIN visits ON true)
;

SELECT date(ts) AS d, count(*) AS c FROM orders GROUP BY date(ts) HAVING count(*) > 1 ORDER BY max(n)
