//! Functions, and what is made of them.

pub const FUNCTIONS: &str = concat!(
    "SELECT p.oid::text AS oid, p.oid::regprocedure::text AS name, prokind::text AS kind, pg_get_functiondef(p.oid) AS definition, \
     format('(%s) returns %s', pg_get_function_arguments(p.oid), pg_get_function_result(p.oid)) AS signature, \
     quote_ident(nspname) AS schema, CASE WHEN nspname = current_schema() THEN 'yes' END AS is_home, obj_description(p.oid, 'pg_proc') AS comment \
     FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE prokind IN ('f', 'p', 'w') \
     AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i') AND",
    own!("pg_proc", "p.oid")
);

pub const AGGREGATES: &str = concat!(
    "SELECT p.oid::text AS oid, split_part(p.oid::regproc::text, '(', 1) AS bare, \
     CASE WHEN pronargs = 0 THEN '*' ELSE pg_get_function_arguments(p.oid) END AS arguments, \
     CASE WHEN pronargs = 0 THEN '*' ELSE pg_get_function_identity_arguments(p.oid) END AS identity, obj_description(p.oid, 'pg_proc') AS comment, \
     concat_ws(', ', 'SFUNC = ' || aggtransfn, 'STYPE = ' || format_type(aggtranstype, NULL), 'SSPACE = ' || NULLIF(aggtransspace, 0), \
     'FINALFUNC = ' || NULLIF(aggfinalfn, 0::regproc), CASE WHEN aggfinalextra THEN 'FINALFUNC_EXTRA' END, \
     CASE WHEN aggfinalfn <> 0 AND aggfinalmodify <> CASE aggkind WHEN 'n' THEN 'r'::\"char\" ELSE 'w'::\"char\" END THEN 'FINALFUNC_MODIFY = ' || \
       CASE aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END, \
     'COMBINEFUNC = ' || NULLIF(aggcombinefn, 0::regproc), 'SERIALFUNC = ' || NULLIF(aggserialfn, 0::regproc), \
     'DESERIALFUNC = ' || NULLIF(aggdeserialfn, 0::regproc), 'INITCOND = ' || quote_literal(agginitval), \
     'MSFUNC = ' || NULLIF(aggmtransfn, 0::regproc), 'MINVFUNC = ' || NULLIF(aggminvtransfn, 0::regproc), \
     CASE WHEN aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(aggmtranstype, NULL) END, 'MSSPACE = ' || NULLIF(aggmtransspace, 0), \
     'MFINALFUNC = ' || NULLIF(aggmfinalfn, 0::regproc), CASE WHEN aggmfinalextra THEN 'MFINALFUNC_EXTRA' END, \
     'MINITCOND = ' || quote_literal(aggminitval), \
     CASE WHEN aggsortop <> 0 THEN (SELECT format('SORTOP = OPERATOR(%I.%s)', o.nspname, oprname) FROM pg_operator JOIN pg_namespace o ON o.oid = oprnamespace \
       WHERE pg_operator.oid = aggsortop) END, \
     CASE proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END, CASE WHEN aggkind = 'h' THEN 'HYPOTHETICAL' END) AS options \
     FROM pg_proc p JOIN pg_aggregate ON aggfnoid = p.oid JOIN pg_namespace n ON n.oid = pronamespace WHERE",
    own!("pg_proc", "p.oid")
);

pub const OPERATORS: &str = concat!(
    "SELECT o.oid::text AS oid, CASE WHEN n.nspname = current_schema() THEN '' ELSE quote_ident(n.nspname) || '.' END || oprname AS bare, \
     format('%s, %s', CASE WHEN oprleft = 0 THEN 'NONE' ELSE format_type(oprleft, NULL) END, \
       CASE WHEN oprright = 0 THEN 'NONE' ELSE format_type(oprright, NULL) END) AS arguments, obj_description(o.oid, 'pg_operator') AS comment, \
     concat_ws(', ', 'FUNCTION = ' || oprcode, CASE WHEN oprleft <> 0 THEN 'LEFTARG = ' || format_type(oprleft, NULL) END, \
     CASE WHEN oprright <> 0 THEN 'RIGHTARG = ' || format_type(oprright, NULL) END, \
     CASE WHEN oprcom <> 0 THEN (SELECT format('COMMUTATOR = OPERATOR(%I.%s)', s.nspname, q.oprname) FROM pg_operator q JOIN pg_namespace s ON s.oid = q.oprnamespace \
       WHERE q.oid = o.oprcom) END, \
     CASE WHEN oprnegate <> 0 THEN (SELECT format('NEGATOR = OPERATOR(%I.%s)', s.nspname, q.oprname) FROM pg_operator q JOIN pg_namespace s ON s.oid = q.oprnamespace \
       WHERE q.oid = o.oprnegate) END, \
     'RESTRICT = ' || NULLIF(oprrest, 0::regproc), 'JOIN = ' || NULLIF(oprjoin, 0::regproc), CASE WHEN oprcanhash THEN 'HASHES' END, \
     CASE WHEN oprcanmerge THEN 'MERGES' END) AS options \
     FROM pg_operator o JOIN pg_namespace n ON n.oid = oprnamespace WHERE oprcode <> 0 AND",
    own!("pg_operator", "o.oid")
);

pub const CASTS: &str = "SELECT c.oid::text AS oid, format('(%s AS %s)', format_type(castsource, NULL), format_type(casttarget, NULL)) AS name, \
    format('%s%s', CASE castmethod WHEN 'f' THEN 'WITH FUNCTION ' || castfunc::regprocedure WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END, \
    CASE castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END) AS definition, obj_description(c.oid, 'pg_cast') AS comment \
    FROM pg_cast c WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_cast'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i'))";

pub const EVENT_TRIGGERS: &str = "SELECT t.oid::text AS oid, quote_ident(evtname) AS name, format('ON %s%s EXECUTE FUNCTION %s()', evtevent, \
    E' WHEN TAG IN (' || (SELECT string_agg(quote_literal(tag), ', ') FROM unnest(evttags) tag) || ')', evtfoid::regproc) AS definition, evtenabled::text AS enabled, \
    obj_description(t.oid, 'pg_event_trigger') AS comment \
    FROM pg_event_trigger t WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = t.oid AND e.deptype = 'e')";

pub const FOREIGN_DATA_WRAPPERS: &str = "SELECT f.oid::text AS oid, quote_ident(fdwname) AS name, \
    concat(CASE WHEN fdwhandler <> 0 THEN ' HANDLER ' || fdwhandler::regproc END, CASE WHEN fdwvalidator <> 0 THEN ' VALIDATOR ' || fdwvalidator::regproc END, \
    ' OPTIONS (' || (SELECT string_agg(quote_ident(option_name) || ' ' || quote_literal(option_value), ', ' ORDER BY option_name) \
      FROM pg_options_to_table(fdwoptions)) || ')') AS definition, obj_description(f.oid, 'pg_foreign_data_wrapper') AS comment \
    FROM pg_foreign_data_wrapper f WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_foreign_data_wrapper'::regclass AND e.objid = f.oid AND e.deptype = 'e')";

pub const FOREIGN_SERVERS: &str = "SELECT s.oid::text AS oid, quote_ident(srvname) AS name, \
    concat(' TYPE ' || quote_literal(srvtype), ' VERSION ' || quote_literal(srvversion), ' FOREIGN DATA WRAPPER ' || quote_ident(fdwname), \
    ' OPTIONS (' || (SELECT string_agg(quote_ident(option_name) || ' ' || quote_literal(option_value), ', ' ORDER BY option_name) \
      FROM pg_options_to_table(srvoptions)) || ')') AS definition, obj_description(s.oid, 'pg_foreign_server') AS comment \
    FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = srvfdw WHERE NOT EXISTS (SELECT FROM pg_depend e \
    WHERE e.classid = 'pg_foreign_server'::regclass AND e.objid = s.oid AND e.deptype = 'e')";
