-- How one value is read: ids (N1), times (N2), money (N4), countries (N7), and
-- the fingerprint of an event (D1, N14). Times are whole microseconds since 1970,
-- amounts whole micros; nothing is a float.

-- N1: a sentinel, a macro that nobody expanded and nothing are all absent.
create macro id_of(s) as case
  when s is null or s in ('', '-1', 'AUDIT') or lower(s) in ('null', 'none', 'undefined') then null
  when contains(s, '${') or contains(s, '{{') or contains(s, '%%') then null
  when regexp_full_match(s, '[0-]*0[0-]*') then null
  else s end;

create macro bad_id(s) as id_of(s) is not null
  and (octet_length(encode(s)) > 128 or regexp_matches(s, '[\x00-\x1f\x7f]'));

-- N10: AUDIT where an id should be makes an event test traffic.
create macro is_audit(s) as coalesce(s = 'AUDIT', false);

-- N2: a number is read by its magnitude, text as RFC 3339 or naive in UTC.
create macro number_time(whole, digits) as case
  when abs(whole) < 100000000000 then whole * 1000000 + digits // 1000
  when abs(whole) < 100000000000000 then whole * 1000 + digits // 1000000
  when abs(whole) < 100000000000000000 then whole
  else whole // 1000 end;

create macro fraction_of(s) as
  coalesce(try_cast(rpad(left(regexp_extract(s, '\.([0-9]+)', 1), 9), 9, '0') as bigint), 0);

create macro offset_of(s) as case
  when regexp_extract(s, '([+-]\d\d:\d\d)$', 1) = '' then 0
  else (case when contains(right(s, 6), '-') then -1 else 1 end)
    * (cast(substr(right(s, 6), 2, 2) as bigint) * 3600 + cast(right(s, 2) as bigint) * 60) * 1000000 end;

create macro time_of(s) as case
  when s is null then null
  when regexp_full_match(s, '-?[0-9]+(\.[0-9]+)?')
    then number_time(try_cast(regexp_extract(s, '^-?[0-9]+') as bigint), fraction_of(s))
  when regexp_full_match(s, '\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?')
    then epoch_us(try_cast(replace(replace(left(s, 19), 'T', ' '), 't', ' ') as timestamp))
      + fraction_of(s) // 1000 - offset_of(s)
  else null end;

-- N4: decimal text in units of 1e-6.
create macro micros_of(s) as try_cast(try_cast(s as decimal(30, 6)) * 1000000 as bigint);

-- N7 and N5: alpha-2 becomes alpha-3, anything unknown is absent; see the table
-- countries, which the program fills with all codes.
create macro country_of(s) as (select alpha3 from countries where code = upper(s));

-- N6: host without scheme, www. and port; path without query and fragment.
create macro bare_site(s) as regexp_replace(regexp_replace(s, '^[A-Za-z][A-Za-z0-9+.-]*://', ''), '[?#].*$', '');
create macro site_domain(s) as nullif(regexp_replace(lower(regexp_replace(regexp_replace(
  regexp_extract(bare_site(s), '^[^/]*'), '^.*@', ''), ':[0-9]+$', '')), '^www\.', ''), '');
create macro site_path(s) as nullif(nullif(regexp_extract(bare_site(s), '/.*$'), '/'), '');

-- N8: booleans.
create macro truth_of(s) as case when lower(s) in ('true', '1') then true when lower(s) in ('false', '0') then false end;

-- N18: blank counts as not there, so that an alias is read instead.
create macro stated(s) as nullif(s, '');

-- N14: a field of a fingerprint is its name, a zero byte, four bytes of length
-- and the value; an absent one is nothing.
create macro field(name, value) as case when value is null then ''::blob
  else encode(name) || '\x00'::blob || unhex(printf('%08x', octet_length(encode(value)))) || encode(value) end;

-- P2: what stands for a user in every table is an HMAC under the configured key.
create macro user_key_of(u) as case when u is not null then
  left(sha256(getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(u)))), 32) end;
