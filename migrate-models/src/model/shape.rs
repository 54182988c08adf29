//! The shape of a type, as it is written.

/// The type inside an `Option`.
pub fn is_option(ty: &syn::Type) -> Option<&syn::Type> {
    generic(ty, "Option")
}

/// The one argument of a generic type of this name.
pub(crate) fn generic<'t>(ty: &'t syn::Type, name: &str) -> Option<&'t syn::Type> {
    let segment = last_segment(ty)?;
    let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    let mut types = arguments.args.iter().filter_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    let found = types.next()?;
    (segment.ident == name && types.next().is_none()).then_some(found)
}

/// The last segment of a type that is a path. What a macro puts around a type is no part of it.
pub(crate) fn last_segment(ty: &syn::Type) -> Option<&syn::PathSegment> {
    match ty {
        syn::Type::Path(path) => path.path.segments.last(),
        syn::Type::Group(group) => last_segment(&group.elem),
        syn::Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}
