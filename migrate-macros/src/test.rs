//! `#[embed_migrations::test(…)]`: a function that is run with a database of its own.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{LitInt, LitStr, Token, parenthesized};

/// The function, and all that the attribute says.
pub fn expand(arguments: TokenStream, function: &TokenStream) -> TokenStream {
    let parsed = Arguments::parse
        .parse2(arguments)
        .and_then(|arguments| Ok((arguments, Function::split(function.clone())?)));
    match parsed {
        Ok((arguments, function)) => test(&arguments, &function),
        Err(error) => {
            // The function stays, so that what it uses is used.
            let error = error.into_compile_error();
            quote!(#error #[allow(dead_code)] #function)
        }
    }
}

fn test(arguments: &Arguments, function: &Function) -> TokenStream {
    let Function {
        attributes,
        visibility,
        name,
        parameters,
        output,
        body,
    } = function;
    let krate = &arguments.krate;
    let migrations = option(arguments.migrations.as_ref().map(|path| quote!(&#path)));
    let fixtures = arguments.fixtures.iter().map(
        |path| quote!(#krate::__test::Fixture { path: #path, sql: ::core::include_str!(#path) }),
    );
    let flavor = match (arguments.multi_thread, arguments.worker_threads) {
        (false, _) => quote!(CurrentThread),
        (true, threads) => {
            let threads = option(threads.map(|(threads, _)| quote!(#threads)));
            quote!(MultiThread(#threads))
        }
    };
    let should_panic = function.should_panic();
    quote! {
        #(#attributes)*
        #[::core::prelude::v1::test]
        #visibility fn #name() #output {
            async fn #name(#parameters) #output #body
            #krate::__test::run(
                &#krate::__test::Test {
                    path: ::core::concat!(
                        ::core::env!("CARGO_MANIFEST_DIR"), " ", ::core::module_path!(), "::", ::core::stringify!(#name)
                    ),
                    migrations: #migrations,
                    fixtures: &[#(#fixtures),*],
                    flavor: #krate::__test::Flavor::#flavor,
                    should_panic: #should_panic,
                },
                #name,
            )
        }
    }
}

/// The full path, since the caller may have a `Some` of its own.
fn option(value: Option<TokenStream>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}

const EXPECTED: &str = "name the chain first: `#[embed_migrations::test(MIGRATIONS)]`, or write `migrations = false` for an empty \
                        database; then `fixtures(\"users\")`, `flavor = \"multi_thread\"`, `worker_threads = 2` or `crate = path` may follow";

/// The arguments of the attribute.
struct Arguments {
    /// The chain; none for an empty database.
    migrations: Option<TokenStream>,
    /// The paths of files, as `include_str!` reads them.
    fixtures: Vec<String>,
    multi_thread: bool,
    worker_threads: Option<(usize, Span)>,
    /// The path of this library.
    krate: TokenStream,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Err(syn::Error::new(Span::call_site(), EXPECTED));
        }
        let mut arguments = Self {
            migrations: chain(input)?,
            fixtures: Vec::new(),
            multi_thread: false,
            worker_threads: None,
            krate: quote!(::embed_migrations),
        };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if !input.is_empty() {
                arguments.option(input)?;
            }
        }
        if let (Some((_, span)), false) = (arguments.worker_threads, arguments.multi_thread) {
            let message = "`worker_threads` needs `flavor = \"multi_thread\"`";
            return Err(syn::Error::new(span, message));
        }
        Ok(arguments)
    }
}

/// The path of a chain, or `migrations = false`.
fn chain(input: ParseStream<'_>) -> syn::Result<Option<TokenStream>> {
    let start = input.span();
    let path = until_comma(input)?;
    let text = path.to_string();
    if text == "migrations = false" {
        return Ok(None);
    }
    let is_path = text
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | ' ' | '#'))
        && !text.is_empty();
    if is_path {
        return Ok(Some(path));
    }
    Err(syn::Error::new(start, EXPECTED))
}

fn until_comma(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        tokens.extend([input.parse::<TokenTree>()?]);
    }
    Ok(tokens)
}

impl Arguments {
    fn option(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.parse::<Option<Token![crate]>>()?.is_some() {
            input.parse::<Token![=]>()?;
            self.krate = until_comma(input)?;
            return Ok(());
        }
        let name: Ident = input.parse()?;
        match &*name.to_string() {
            "fixtures" => self.fixtures.extend(fixtures(input)?),
            "flavor" => {
                input.parse::<Token![=]>()?;
                let flavor: LitStr = input.parse()?;
                self.multi_thread = match &*flavor.value() {
                    "current_thread" => false,
                    "multi_thread" => true,
                    _ => {
                        let message = "a flavor is `current_thread` or `multi_thread`";
                        return Err(syn::Error::new(flavor.span(), message));
                    }
                };
            }
            "worker_threads" => {
                input.parse::<Token![=]>()?;
                let threads: LitInt = input.parse()?;
                self.worker_threads = Some((threads.base10_parse()?, threads.span()));
            }
            _ => return Err(syn::Error::new(name.span(), EXPECTED)),
        }
        Ok(())
    }
}

/// `("users", "posts")`, `("users", path = "folder")` or `(path = "folder", scripts("users"))`.
fn fixtures(input: ParseStream<'_>) -> syn::Result<Vec<String>> {
    let content;
    parenthesized!(content in input);
    let (mut names, mut folder) = (Vec::new(), None);
    while !content.is_empty() {
        if content.peek(LitStr) {
            names.push(content.parse::<LitStr>()?);
        } else {
            let name: Ident = content.parse()?;
            match &*name.to_string() {
                "path" => {
                    content.parse::<Token![=]>()?;
                    folder = Some(content.parse::<LitStr>()?.value());
                }
                "scripts" => {
                    let inner;
                    parenthesized!(inner in content);
                    let list = inner.parse_terminated(<LitStr as Parse>::parse, Token![,])?;
                    names.extend(list);
                }
                _ => {
                    let message = "fixtures are names of files, and `path = \"folder\"`";
                    return Err(syn::Error::new(name.span(), message));
                }
            }
        }
        content.parse::<Option<Token![,]>>()?;
    }
    Ok(names
        .iter()
        .map(|name| fixture(&name.value(), folder.as_deref()))
        .collect())
}

/// The path of a fixture, relative to the file of the test. A name with a folder in it is a path already.
fn fixture(name: &str, folder: Option<&str>) -> String {
    let is_path = name.contains(['/', '\\']);
    let path = match folder {
        Some(folder) => format!("{}/{name}", folder.trim_end_matches('/')),
        None if is_path => name.to_owned(),
        None => format!("fixtures/{name}"),
    };
    let last = path.rsplit(['/', '\\']).next().unwrap_or(&path);
    if last.contains('.') {
        path
    } else {
        format!("{path}.sql")
    }
}

/// The parts of an async function.
struct Function {
    /// Each with its `#`.
    attributes: Vec<TokenStream>,
    visibility: TokenStream,
    name: Ident,
    parameters: TokenStream,
    /// With its arrow.
    output: TokenStream,
    body: Group,
}

impl Function {
    /// Splits it by its tokens: what rustc checks anyway needs no parser here.
    fn split(function: TokenStream) -> syn::Result<Self> {
        let mut tokens = function.into_iter().peekable();
        let mut attributes = Vec::new();
        while is_punct(tokens.peek(), '#') {
            attributes.push(tokens.by_ref().take(2).collect());
        }
        let mut before: Vec<TokenTree> = Vec::new();
        let name = loop {
            match tokens.next() {
                Some(TokenTree::Ident(word)) if word == "fn" => match tokens.next() {
                    Some(TokenTree::Ident(name)) => break name,
                    _ => return Err(not_a_function()),
                },
                Some(token) => before.push(token),
                None => return Err(not_a_function()),
            }
        };
        let is_async =
            |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "async");
        if !before.iter().any(is_async) {
            let message = "a test with a database is an async function";
            return Err(syn::Error::new(name.span(), message));
        }
        before.retain(|token| !is_async(token));
        let parameters = match tokens.next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => group,
            _ => {
                let message = "a test has no generic parameters";
                return Err(syn::Error::new(name.span(), message));
            }
        };
        if parameters.stream().is_empty() {
            let message = "this test takes no database: let it take a pool, such as `pool: PgPool`, or use `#[tokio::test]`";
            return Err(syn::Error::new(name.span(), message));
        }
        let mut rest: Vec<TokenTree> = tokens.collect();
        let Some(TokenTree::Group(body)) = rest.pop() else {
            return Err(not_a_function());
        };
        Ok(Self {
            attributes,
            visibility: before.into_iter().collect(),
            name,
            parameters: parameters.stream(),
            output: rest.into_iter().collect(),
            body,
        })
    }

    fn should_panic(&self) -> bool {
        self.attributes.iter().any(|attribute| {
            attribute.clone().into_iter().any(|token| {
                matches!(token, TokenTree::Group(group) if group.stream().into_iter().next()
                    .is_some_and(|word| word.to_string() == "should_panic"))
            })
        })
    }
}

fn is_punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn not_a_function() -> syn::Error {
    syn::Error::new(Span::call_site(), "only an async function can be a test")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(arguments: &str, function: &str) -> String {
        let tokens = |text: &str| text.parse().expect("tokens");
        expand(tokens(arguments), &tokens(function)).to_string()
    }

    const TEST: &str = "async fn t(pool: PgPool) -> Result<(), Error> { body() }";

    #[test]
    fn attributes_and_the_return_type_stay() {
        let out = expanded(
            "crate::MIGRATIONS",
            "/// Doc.\n#[ignore = \"slow\"] #[should_panic(expected = \"x\")] async fn t(a: Vec<(u8, u8)>, b: B) -> R { 1 }",
        );
        for part in [
            "# [ignore = \"slow\"]",
            "should_panic : true",
            "fn t () -> R",
            "async fn t (a : Vec < (u8 , u8) >, b : B) -> R { 1 }",
            "Some (& crate :: MIGRATIONS)",
            "Flavor :: CurrentThread",
        ] {
            assert!(out.contains(part), "{part}\n{out}");
        }
        assert!(!out.contains("compile_error"), "{out}");
    }

    #[test]
    fn options_are_read() {
        let out = expanded(
            "M, fixtures(\"users\", \"../posts.sql\"), fixtures(\"a\", path = \"x/\"), fixtures(path = \"y\", scripts(\"b\", \"c.txt\")), \
             flavor = \"multi_thread\", worker_threads = 3, crate = other::name",
            TEST,
        );
        for part in [
            "other :: name :: __test :: Flavor :: MultiThread (:: core :: option :: Option :: Some (3usize))",
            "\"fixtures/users.sql\"",
            "\"../posts.sql\"",
            "\"x/a.sql\"",
            "\"y/b.sql\"",
            "\"y/c.txt\"",
        ] {
            assert!(out.contains(part), "{part}\n{out}");
        }
        let out = expanded("migrations = false", TEST);
        assert!(out.contains("Option :: None"), "{out}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_once() {
        let sync = "fn t(pool: PgPool) {}";
        let bare = "async fn t() {}";
        for (arguments, function, message) in [
            ("", TEST, "name the chain first"),
            ("\"migrations\"", TEST, "name the chain first"),
            ("M, fixture(\"x\")", TEST, "name the chain first"),
            ("M, flavor = \"two\"", TEST, "a flavor is"),
            ("M, worker_threads = 2", TEST, "needs `flavor"),
            ("M, fixtures(folder = \"x\")", TEST, "names of files"),
            ("M", sync, "is an async function"),
            ("M", bare, "takes no database"),
            ("M", "async fn t<T>(pool: T) {}", "no generic parameters"),
            ("M", "struct S;", "only an async function"),
        ] {
            let out = expanded(arguments, function);
            assert!(out.contains(message), "{arguments} {function}\n{out}");
            assert_eq!(out.matches("compile_error").count(), 1, "{out}");
        }
    }

    #[test]
    fn tokens_of_the_function_are_not_lost() {
        let function: TokenStream = "pub(crate) async fn t(p: P) { x }".parse().expect("tokens");
        let split = Function::split(function).expect("a function");
        assert_eq!(split.visibility.to_string(), "pub (crate)");
        assert_eq!(split.body.to_string(), "{ x }");
    }
}
