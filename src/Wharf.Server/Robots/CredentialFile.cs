using System.Text;

namespace Wharf.Server.Robots;

/// <summary>A robot's credential as a file that the usual clients take as it is.</summary>
internal sealed record CredentialFile(string Name, string MediaType, string Text)
{
    public static readonly IReadOnlyList<string> Formats = ["docker-config", "kubernetes-secret", "docker-login", "podman-login"];

    /// <param name="registry">Host and port of this registry.</param>
    /// <param name="robot">The robot's whole name, of letters, digits, '.', '_', '-' and one '+'.</param>
    /// <returns>Null for an unknown format.</returns>
    public static CredentialFile? Create(string format, string registry, string robot, string token)
    {
        var file = robot.Replace('+', '-');
        // None of the parts has a character that JSON, YAML or a shell would take for its own.
        var config = $$"""
            {
              "auths": {
                "{{registry}}": {
                  "auth": "{{Base64($"{robot}:{token}")}}"
                }
              }
            }

            """;
        return format switch
        {
            "docker-config" => new($"{file}-auth.json", "application/json", config),
            "kubernetes-secret" => new($"{file}-secret.yml", "application/yaml", $"""
                apiVersion: v1
                kind: Secret
                metadata:
                  name: {file.Replace('_', '-')}-pull-secret
                data:
                  .dockerconfigjson: {Base64(config)}
                type: kubernetes.io/dockerconfigjson

                """),
            "docker-login" or "podman-login" => new($"{file}-{format}.sh", "text/plain; charset=utf-8",
                $"printf %s '{token}' | {format[..^6]} login -u '{robot}' --password-stdin {registry}\n"),
            _ => null,
        };
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
