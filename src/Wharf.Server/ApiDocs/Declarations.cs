using System.Text.Json.Serialization.Metadata;

namespace Wharf.Server.ApiDocs;

/// <summary>
/// What an endpoint says of itself for the documents of the API: what it does, takes and gives. A test demands it of every endpoint
/// of /api/v1, and the tests' HTTP client holds the real answers against it. Errors need no words: they are one shape, and which may
/// come follows from the permission, the parameters and the body.
/// </summary>
internal static class Declarations
{
    /// <param name="summary">One sentence: what a caller gets from it.</param>
    /// <param name="details">What a caller has to know beside it; Markdown.</param>
    public static TBuilder Describe<TBuilder>(this TBuilder endpoint, string summary, string? details = null) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new Description(summary, details));

    /// <summary>The JSON body that it reads.</summary>
    public static TBuilder Takes<TBuilder>(this TBuilder endpoint, JsonTypeInfo body, bool optional = false) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new TakenBody(body, optional, "application/json"));

    /// <summary>A body that is not JSON.</summary>
    public static TBuilder Takes<TBuilder>(this TBuilder endpoint, string mediaType) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new TakenBody(null, false, mediaType));

    /// <summary>A JSON answer. Of two with one status, either may come.</summary>
    public static TBuilder Gives<TBuilder>(this TBuilder endpoint, JsonTypeInfo body, int status = 200) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new GivenAnswer(status, body, "application/json"));

    /// <summary>An answer that is not JSON of one shape; without a media type, one without a body.</summary>
    public static TBuilder Gives<TBuilder>(this TBuilder endpoint, int status, string? mediaType = null) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new GivenAnswer(status, null, mediaType));

    /// <summary>A parameter in the query.</summary>
    /// <param name="type">A type of JSON Schema: string, integer or boolean.</param>
    public static TBuilder Query<TBuilder>(this TBuilder endpoint, string name, string meaning, string type = "string", bool required = false) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new QueryParameter(name, meaning, type, required));

    /// <summary>An operation that Quay has for its own pages, and does not publish: <c>discovery</c> names it only when it is asked to.</summary>
    public static TBuilder Internal<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new InternalOperation());

    /// <summary>A list that comes in pages.</summary>
    public static TBuilder Paged<TBuilder>(this TBuilder endpoint) where TBuilder : IEndpointConventionBuilder =>
        endpoint.Query("next_page", "Goes on where the page ended that gave this token.");
}

internal sealed record Description(string Summary, string? Details);

internal sealed record TakenBody(JsonTypeInfo? Type, bool Optional, string MediaType);

internal sealed record GivenAnswer(int Status, JsonTypeInfo? Type, string? MediaType);

internal sealed record QueryParameter(string Name, string Meaning, string Type, bool Required);

internal sealed record InternalOperation;
