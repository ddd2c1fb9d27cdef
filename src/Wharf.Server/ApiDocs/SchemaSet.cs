using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Wharf.Server.ApiDocs;

/// <summary>
/// JSON Schemas of the bodies, made from what writes and reads them. Each record becomes a schema of its own under its name. An answer's
/// members are required unless they are left out when they are null; a request's, where its reader insists on them.
/// </summary>
/// <param name="prefix">Where the document has them.</param>
internal sealed class SchemaSet(string prefix)
{
    private readonly Dictionary<(Type Type, bool Answer), JsonNode> _schemas = [];

    /// <summary>A reference to the type's schema, or the schema itself where the type is no record. <see cref="Finish"/> gives it its final name.</summary>
    public JsonNode Add(JsonTypeInfo type, bool answer) => type.GetJsonSchemaAsNode(new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, node) => Transform(context, node, answer),
    });

    /// <summary>Gives the schemas their names in a document that refers to them.</summary>
    /// <returns>The schemas, by name.</returns>
    public JsonObject Finish(JsonNode document)
    {
        var names = Names();
        var schemas = new JsonObject();
        foreach (var (key, name) in names.OrderBy(static n => n.Value, StringComparer.Ordinal))
            schemas[name] ??= _schemas[key];
        var byReference = names.ToDictionary(static n => Reference(n.Key.Type, n.Key.Answer), n => prefix + n.Value);
        Rename(document, byReference);
        Rename(schemas, byReference);
        return schemas;
    }

    private JsonObject Transform(JsonSchemaExporterContext context, JsonNode node, bool answer)
    {
        var property = context.PropertyInfo;
        var leftOut = answer && property is not null && IsLeftOutWhenNull(property);
        // "true" is anything; many a reader of OpenAPI knows only the other way to say that.
        if (node is not JsonObject schema)
            return new JsonObject();
        var nullable = false;
        if (schema["type"] is JsonArray types)
        {
            nullable = types.Any(static t => (string?)t == "null") && !leftOut;
            var others = types.Select(static t => (string?)t).Where(static t => t != "null").ToList();
            schema["type"] = nullable ? new JsonArray([.. others.Append("null").Select(static t => (JsonNode?)t)]) : others[0];
        }
        if (context.TypeInfo is { Kind: JsonTypeInfoKind.Object } type)
            schema = Hoist(type, schema, answer, nullable);
        if (property?.AttributeProvider is { } attributes)
        {
            if (attributes.GetCustomAttributes(typeof(AllowedValuesAttribute), true) is [AllowedValuesAttribute allowed])
                schema["enum"] = new JsonArray([.. allowed.Values.Select(static v => JsonValue.Create((string?)v)), .. nullable ? new JsonNode?[] { null } : []]);
            if (attributes.GetCustomAttributes(typeof(DescriptionAttribute), true) is [DescriptionAttribute text])
                schema["description"] = text.Description;
        }
        return schema;
    }

    private JsonObject Hoist(JsonTypeInfo type, JsonObject schema, bool answer, bool nullable)
    {
        // A type within itself comes as a "$ref" to where it was met first.
        if (!schema.ContainsKey("$ref"))
        {
            schema["type"] = "object";
            schema.Remove("required");
            var required = type.Properties.Where(p => answer ? p.Get is not null && !IsLeftOutWhenNull(p) : p.IsRequired).Select(static p => (JsonNode?)p.Name).ToArray();
            if (required.Length > 0)
                schema["required"] = new JsonArray(required);
            if (type.Type.GetCustomAttribute<DescriptionAttribute>() is { } text)
                schema["description"] = text.Description;
            _schemas[(type.Type, answer)] = schema;
        }
        var reference = new JsonObject { ["$ref"] = Reference(type.Type, answer) };
        return nullable ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) } : reference;
    }

    private static bool IsLeftOutWhenNull(JsonPropertyInfo property)
    {
        if (property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null)
            return false;
        var own = property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), true) is [JsonIgnoreAttribute ignore] ? ignore.Condition : (JsonIgnoreCondition?)null;
        return (own ?? property.Options.DefaultIgnoreCondition) == JsonIgnoreCondition.WhenWritingNull && property.IsGetNullable;
    }

    // The type's own name. Where slices use one for different things, the slice's name goes before it.
    private Dictionary<(Type Type, bool Answer), string> Names()
    {
        var names = new Dictionary<(Type, bool), string>();
        foreach (var same in _schemas.Keys.GroupBy(static k => Plain(k.Type)))
        {
            var isOne = same.Select(k => _schemas[k].ToJsonString()).Distinct().Count() == 1;
            foreach (var key in same)
            {
                var bothWays = same.Count(k => k.Type == key.Type) > 1 && _schemas[(key.Type, true)].ToJsonString() != _schemas[(key.Type, false)].ToJsonString();
                names[key] = (isOne || same.All(k => k.Type == key.Type) ? "" : key.Type.Namespace!.Split('.')[^1]) + same.Key + (bothWays && !key.Answer ? "Input" : "");
            }
        }
        return names;
    }

    private static string Plain(Type type) => type is { Name: "Body", DeclaringType: { } outer } ? outer.Name : type.Name;

    private static string Reference(Type type, bool answer) => $"{type.FullName}?{(answer ? "answer" : "request")}";

    private static void Rename(JsonNode? node, Dictionary<string, string> names)
    {
        if (node is JsonArray array)
        {
            foreach (var item in array)
                Rename(item, names);
        }
        else if (node is JsonObject one)
        {
            if (one["$ref"] is JsonValue value && names.TryGetValue((string)value!, out var name))
                one["$ref"] = name;
            foreach (var (_, member) in one)
                Rename(member, names);
        }
    }
}
