using System.Reflection;
using System.Text.RegularExpressions;
using Wharf.Server.Auth;

namespace Wharf.Server.ApiDocs;

/// <summary>One method of one path of the API, as its endpoint declares it.</summary>
/// <param name="Id">The endpoint's name: Quay's nickname of the operation, where it has one.</param>
/// <param name="Path">As clients write it, with {repository} where routing has "-".</param>
/// <param name="Tag">The slice that has it.</param>
internal sealed partial record ApiOperation(string Id, string Method, string Path, string Tag, Description About, RequiresPermission Requires)
{
    public required IReadOnlyList<string> PathParameters { get; init; }

    public required IReadOnlyList<QueryParameter> Query { get; init; }

    public required TakenBody? Body { get; init; }

    public required IReadOnlyList<GivenAnswer> Answers { get; init; }

    /// <summary>Quay has it for its own pages only.</summary>
    public required bool IsInternal { get; init; }

    public bool IsRegistry => Path.StartsWith("/v2/", StringComparison.Ordinal);

    public bool IsOpen => Requires.Permission is Permission.Open;

    /// <summary>The described operations, in the order of their paths.</summary>
    public static IReadOnlyList<ApiOperation> All(EndpointDataSource endpoints) =>
    [
        .. from endpoint in endpoints.Endpoints.OfType<RouteEndpoint>()
           let about = endpoint.Metadata.GetMetadata<Description>()
           let name = endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName
           where about is not null && name is not null
           let path = PathOf(endpoint)
           // HEAD is GET without the body.
           let method = endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods[0]
           orderby path, method
           select new ApiOperation(name, method, path, TagOf(endpoint), about, endpoint.Metadata.GetRequiredMetadata<RequiresPermission>())
           {
               PathParameters = [.. Parameter().Matches(path).Select(static m => m.Groups["name"].Value)],
               Query = endpoint.Metadata.GetOrderedMetadata<QueryParameter>(),
               Body = endpoint.Metadata.GetMetadata<TakenBody>(),
               IsInternal = endpoint.Metadata.GetMetadata<InternalOperation>() is not null,
               Answers = endpoint.Metadata.GetOrderedMetadata<GivenAnswer>(),
           },
    ];

    private static string PathOf(RouteEndpoint endpoint)
    {
        var path = endpoint.RoutePattern.RawText!;
        if (path.StartsWith("/api/v1/repository/-", StringComparison.Ordinal) || path.StartsWith("/v2/-", StringComparison.Ordinal))
            path = path.Replace("/-", "/{repository}", StringComparison.Ordinal);
        return Parameter().Replace(path, "{${name}}");
    }

    private static string TagOf(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<MethodInfo>()?.DeclaringType?.Namespace?.Split('.')[2] ?? throw new InvalidOperationException($"{endpoint.DisplayName} has no handler to take its tag from.");

    [GeneratedRegex(@"\{\**(?<name>[A-Za-z_]+)[^}]*\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parameter();
}
