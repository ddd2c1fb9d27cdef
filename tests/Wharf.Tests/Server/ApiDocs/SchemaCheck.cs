using System.Text.Json;

namespace Wharf.Tests.Server.ApiDocs;

/// <summary>Checks a value against what the API's description uses of JSON Schema. A member that the schema does not name is a problem.</summary>
internal sealed class SchemaCheck(JsonElement root)
{
    public static JsonElement Follow(JsonElement root, JsonElement element)
    {
        while (element.ValueKind == JsonValueKind.Object && element.TryGetProperty("$ref", out var reference))
        {
            element = root;
            foreach (var step in reference.GetString()!.Split('/').Skip(1))
                element = element.GetProperty(step);
        }
        return element;
    }

    /// <summary>What is wrong with the value, or null.</summary>
    public string? Problem(JsonElement schema, JsonElement value, string at = "$")
    {
        schema = Follow(root, schema);
        if (schema.ValueKind == JsonValueKind.True)
            return null;
        if (schema.TryGetProperty("anyOf", out var choices))
        {
            var problems = choices.EnumerateArray().Select(c => Problem(c, value, at)).ToList();
            return problems.Contains(null) ? null : string.Join("; or ", problems);
        }
        if (schema.TryGetProperty("type", out var type) && !Types(type).Any(t => Is(t, value)))
            return $"{at} is {value.ValueKind}, not {type.GetRawText()}";
        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(a => JsonElement.DeepEquals(a, value)))
            return $"{at} is {value.GetRawText()}, not one of {allowed.GetRawText()}";
        return value.ValueKind switch
        {
            JsonValueKind.Object => OfObject(schema, value, at),
            JsonValueKind.Array when schema.TryGetProperty("items", out var items) => value.EnumerateArray().Select((item, i) => Problem(items, item, $"{at}[{i}]")).FirstOrDefault(static p => p is not null),
            _ => null,
        };
    }

    private string? OfObject(JsonElement schema, JsonElement value, string at)
    {
        if (schema.TryGetProperty("required", out var required))
            foreach (var name in required.EnumerateArray())
                if (!value.TryGetProperty(name.GetString()!, out _))
                    return $"{at}.{name.GetString()} is missing";
        var known = schema.TryGetProperty("properties", out var properties);
        var others = schema.TryGetProperty("additionalProperties", out var additional);
        foreach (var member in value.EnumerateObject())
        {
            string? problem = null;
            if (known && properties.TryGetProperty(member.Name, out var own))
                problem = Problem(own, member.Value, $"{at}.{member.Name}");
            else if (others)
                problem = Problem(additional, member.Value, $"{at}.{member.Name}");
            else if (known)
                problem = $"{at}.{member.Name} is not in the schema";
            if (problem is not null)
                return problem;
        }
        return null;
    }

    private static IEnumerable<string> Types(JsonElement type) => type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(static t => t.GetString()!) : [type.GetString()!];

    private static bool Is(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => throw new ArgumentException($"The check knows no type '{type}'.", nameof(type)),
    };
}
